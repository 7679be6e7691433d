"""A conversation that is read while it goes on: what has a number is never passed over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.models import Conversation
from conversations.services import escalations, satisfaction, timeline
from conversations.services.conversations import Reader
from conversations.services.turns import starting
from tests.conversations import talking


def said(text: str, session_id: str | None = None) -> Conversation:
    """Store a contact's message and return its conversation."""
    incoming = talking.incoming(text, session_id)
    begun = starting.start(incoming=incoming, sender=talking.KEY, owner="w", now=timezone.now())
    return begun.conversation


@contextmanager
def after_the_first_look(happens: Callable[[], Any]) -> Iterator[None]:
    """Have something happen between the next reading of messages and that of events."""
    looks: list[str] = []

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        found = run(sql, *rest)
        if not looks and 'FROM "conversations_message"' in sql and "LIMIT" in sql:
            looks.append(sql)
            happens()
        return found

    with connection.execute_wrapper(execute):
        yield
    assert looks


def test_a_message_that_comes_between_two_readings_is_not_passed_over(in_alpha: Any) -> None:
    conversation = said("你好")
    name = conversation.public_id

    def goes_on() -> None:
        said("我要人工", name)
        escalations.ask_for_person(
            session_id=name, reader=Reader(), reason="", priority=None, now=timezone.now()
        )

    with after_the_first_look(goes_on):
        told = timeline.since(conversation_pk=conversation.pk, public_id=name, seq=0)
    assert [(each.seq, each.type) for each in told] == [(1, "message"), (2, "message"), (3, "state")]

    def goes_on_further() -> None:
        said("还在吗", name)
        satisfaction.rate(
            session_id=name, reader=Reader(), score=2, resolved=None, comment="", now=timezone.now()
        )

    with after_the_first_look(goes_on_further):
        part = timeline.read(public_id=name, reader=Reader(), with_events=True)
    assert [each["seq"] for each in part.items] == [1, 2, 3]
    assert part.conversation.last_seq == 3
