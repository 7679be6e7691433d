"""Answers and conversations leave as files that say what was said, and nothing else (CH-13, CH-14)."""

import csv
import io
import json
from pathlib import Path

import pytest

from conversations.models import Conversation, ConversationEvent
from conversations.services import exports
from kimono.lib import db
from tenants.models import Tenant
from tests.conversations.exported import (
    ANSWER,
    CITATIONS,
    QUESTION,
    bare,
    begun,
    citation,
    pages,
    said,
    talked,
)
from tests.conversations.exports.taking import LABELS, READERS, docx_parts, fetched, local, visitor_of
from tests.lib.test_printing import canary
from tests.tenants.doors import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_an_answer_leaves_with_its_question_and_references(
    format: str, staff: Caller, bare_shop: Tenant
) -> None:
    _, _, message = talked()
    answer = fetched(staff, f"chat/messages/{message.public_id}/export?format={format}")
    assert answer["Content-Type"] == exports.MIME[format]
    text = READERS[format](answer.content)
    for words in (
        QUESTION,
        "您好，退货流程如下 [1]：",
        "申请退货：选择原因。",
        "费用见价目表 [2]。",
        *LABELS,
    ):
        assert bare(words) in text, words
    assert bare("“签收后 7 天内可申请退货，商品须完好。”") in text
    assert text.index("[1]" + bare(LABELS[0])) < text.index("[2]" + bare(LABELS[1]))
    assert "**" not in text
    # The cited table stands under the references as a table, with its number and page.
    assert (
        text.index(bare(LABELS[1])) < text.index("振袖260元") < text.index(bare("表 2 – 价目 – 第 5 页 [2]"))
    )
    assert "|" not in text


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_a_conversation_leaves_with_who_said_what_and_when(
    format: str, staff: Caller, bare_shop: Tenant
) -> None:
    row, question, _ = talked()
    said(row, "system", "正在为您转接人工客服")
    said(row, "agent", "您好，我是**小王**。", agent_id="usr-1", agent_name="小王")
    answer = fetched(staff, f"chat/sessions/{row.public_id}/export?format={format}")
    text = READERS[format](answer.content)
    places = [
        text.index(bare(words)) for words in (QUESTION, "您好，退货流程如下", "正在为您转接", "我是小王。")
    ]
    assert places == sorted(places)
    head = text[: text.index(bare(QUESTION))]
    for words in (row.public_id, "对话记录", "状态", "开始时间"):
        assert bare(words) in head, words
    assert bare(bare_shop.name) in head
    if format == "docx":
        assert bare(bare_shop.name) in docx_parts(answer.content, "header")
        assert docx_parts(answer.content, "footer").count("1/1") == 2
    assert text.count(bare(f"{local(question)}")) >= 2
    assert bare(LABELS[0]) in text


@pytest.mark.parametrize("format", ["pdf", "docx", "json", "csv"])
def test_a_contact_takes_its_own_without_internals(format: str, alpha: Tenant, staff: Caller) -> None:
    contact, session_id = visitor_of(alpha)
    with db.tenant_scope(alpha):
        row = Conversation.objects.get(public_id=session_id)
        Conversation.objects.filter(pk=row.pk).update(
            metadata={"member_level": "INTERNAL-gold"}, tags=["INTERNAL-tag"], failed_attempts=2
        )
        said(row, "visitor", QUESTION)
        said(row, "bot", ANSWER, citations=CITATIONS)
        row.refresh_from_db()
        ConversationEvent.objects.create(
            conversation=row, seq=row.last_seq + 1, type="note", audience="agents",
            payload={"content": "INTERNAL-note"}, created_at=row.created_at,
        )  # fmt: skip
    made = fetched(contact, f"chat/sessions/{session_id}/export?format={format}").content
    shown = READERS.get(format, lambda content: content.decode("utf-8-sig"))(made)
    assert bare(QUESTION) in bare(shown)
    for inner in ("INTERNAL", "0.9137", "0.8842", '"score"', "failed_attempts", "agent_id", "member_level"):
        assert inner not in shown, inner
    if format == "json":
        by_staff = fetched(staff, f"chat/sessions/{session_id}/export?format=json").json()
        assert by_staff["messages"][1]["citations"][0]["score"] == 0.9137
        assert by_staff["session"]["tags"] == ["INTERNAL-tag"]
        assert "INTERNAL-note" not in str(by_staff)
        assert "sig=" in json.loads(made)["messages"][1]["citations"][0]["url"]


def test_json_is_the_session_and_its_messages(staff: Caller, bare_shop: Tenant) -> None:
    row, _, message = talked()
    body = fetched(staff, f"chat/sessions/{row.public_id}/export?format=json").json()
    assert body["session"] == staff.get(f"chat/sessions/{row.public_id}").json()
    assert body["messages"] == staff.get(f"chat/sessions/{row.public_id}/messages").json()["items"]
    assert body["messages"][1]["message_id"] == message.public_id


def test_csv_has_a_mark_columns_and_no_formulas(staff: Caller, bare_shop: Tenant) -> None:
    row = begun()
    for words in ("=1+1", "+86 1", "-1", "@SUM(A1)", "  =2", '平常的话, "引号"\n第二行'):
        said(row, "visitor", words)
    said(row, "bot", ANSWER, citations=CITATIONS)
    content = fetched(staff, f"chat/sessions/{row.public_id}/export?format=csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert head == ["seq", "created_at", "author", "agent_name", "content", "citations"]
    written = [line[4] for line in lines]
    assert written[:5] == ["'=1+1", "'+86 1", "'-1", "'@SUM(A1)", "'  =2"]
    assert written[5] == '平常的话, "引号"\n第二行'
    assert lines[6][0] == "7"
    assert "[1] 退货政策" in lines[6][5]


def test_the_two_attacks_through_what_is_said_fail(tmp_path: Path, staff: Caller, bare_shop: Tenant) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-7f3a")
    with canary() as (url, asked):
        attack = (
            f'<img src="{url}/a"><link rel="attachment" href="{secret.as_uri()}"><style>@import url({url}/b);</style>'
            f"</title></style><iframe src={url}/c></iframe> ![图]({url}/d) ![x]({secret.as_uri()})"
            f" [链接]({url}/e) [1]: {url}/f {{{{ 7|add:7 }}}}"
        )
        row = begun()
        said(row, "visitor", attack)
        hostile = citation(1, title=attack[:400], section=attack[:200], quote=attack, source=attack)
        picture = {
            "id": f"{url}/g",
            "kind": "image",
            "name": attack,
            "url": f"{url}/h",
            "n": 1,
            "figure": attack[:90],
        }
        message = said(row, "bot", attack + " [1]", citations=[hostile], attachments=[picture])
        for path in (f"messages/{message.public_id}", f"sessions/{row.public_id}"):
            for format in ("pdf", "docx"):
                made = fetched(staff, f"chat/{path}/export?format={format}").content
                text = READERS[format](made)
                assert "TOP-SECRET" not in text
                assert "{{7|add:7}}" in text
                assert bare("<img src=") in text
        assert asked == []


def test_an_english_conversation_has_english_words(staff: Caller, bare_shop: Tenant) -> None:
    row = begun(language="en")
    said(row, "visitor", "How do I return it?")
    message = said(
        row, "bot", "Within 7 days [1].", citations=[citation(title="Return policy", section="2.1")]
    )
    text = " ".join(pages(fetched(staff, f"chat/messages/{message.public_id}/export?format=pdf").content))
    for words in ("Question", "Answer", "References", "Return policy – 2.1 – page 2 –"):
        assert words in text
    header = staff.get(f"chat/messages/{message.public_id}/export?format=docx")["Content-Disposition"]
    assert "-answer-" in header
