"""Lists of conversations: what a search finds, and what it costs."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.services import conversations
from tests.conversations.services.test_timeline import said


def test_a_search_finds_a_conversation_once_however_often_it_is_said(in_alpha: Any) -> None:
    often = said("退货要多久")
    for text in ("退货运费谁付", "还是退货"):
        said(text, often.public_id)
    said("你好")
    with CaptureQueriesContext(connection) as asked:
        assert [each.pk for each in conversations.listed(text="退货")] == [often.pk]
        assert conversations.listed(text="退货").count() == 1
    # To tell the rows of a join apart took longer than any answer may, with fifty thousand conversations.
    assert not [query for query in asked.captured_queries if "DISTINCT" in query["sql"]]
