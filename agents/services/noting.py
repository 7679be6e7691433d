"""Notes for colleagues: who is named in one hears of it, and finds it until it has been read."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agents.models import Mention, ReadMark, Seat
from agents.services import seats
from conversations.models import ConversationEvent
from conversations.services import inbox, notes

MENTIONED = "mentioned"
# An address has something before its sign.
_SIGN = re.compile(r"(?<![A-Za-z0-9._-])[@＠]")
_GOES_ON = re.compile(r"[A-Za-z0-9_]")


def named_in(content: str, people: Mapping[str, str]) -> list[str]:
    """Return the ids of those whose names stand in a note after an at sign, in its order; `people`: names by id.

    Of names that begin alike the longest counts; of a name that several have, all of them.
    """
    found: dict[str, None] = {}
    for sign in _SIGN.finditer(content):
        rest = content[sign.end() :]
        fitting = [name for name in people.values() if _begins_with(rest, name)]
        longest = max(fitting, key=len, default=None)
        if longest is not None:
            alike = longest.casefold()
            found |= {id: None for id, name in people.items() if name.casefold() == alike}
    return list(found)


def _begins_with(words: str, name: str) -> bool:
    if not name or words[: len(name)].casefold() != name.casefold():
        return False
    # Latin names end where their word does; in Chinese the next word follows at once.
    return not (_GOES_ON.match(name[-1]) and _GOES_ON.match(words[len(name) :]))


def add(*, session_id: str, content: str, seat: Seat, now: datetime) -> ConversationEvent:
    """Add a note of an agent, and tell the colleagues whom it names. Raises `Missing`."""
    people = _colleagues(seat, now) if _SIGN.search(content) else {}
    named = named_in(content, people)
    with transaction.atomic():
        event = notes.add(
            session_id=session_id,
            content=content,
            author_id=seat.agent_id,
            author_name=seat.name,
            mentions=[{"id": id, "name": people[id]} for id in named],
            now=now,
        )
        if named:
            _tell(event, named, seat, now)
    return event


def _colleagues(seat: Seat, now: datetime) -> dict[str, str]:
    return {each.agent_id: each.name for each in seats.everybody(now=now) if each.agent_id != seat.agent_id}


def _tell(event: ConversationEvent, named: Iterable[str], seat: Seat, now: datetime) -> None:
    Mention.objects.bulk_create(
        Mention(agent_id=id, conversation_id=event.conversation_id, seq=event.seq, created_at=now)
        for id in named
    )
    payload = {"mentioned": list(named), "by": seat.name}
    inbox.add("session.updated", event.conversation, reason=MENTIONED, payload=payload, now=now)


def naming(viewer: str) -> Exists:
    """Return the condition on conversations that an agent is named in a note of theirs."""
    return Exists(Mention.objects.filter(agent_id=viewer, conversation=OuterRef("pk")))


def unread(viewer: str) -> QuerySet[Mention]:
    """Return where an agent is named in a note that it has not read."""
    read = ReadMark.objects.filter(
        agent_id=viewer, conversation=OuterRef("conversation"), seq__gte=OuterRef("seq")
    )
    return Mention.objects.filter(~Exists(read), agent_id=viewer)


def unread_in(viewer: str, keys: Collection[int]) -> set[int]:
    """Return in which of these conversations an agent is named in a note that it has not read."""
    return set(unread(viewer).filter(conversation_id__in=keys).values_list("conversation_id", flat=True))
