"""What templates of the workbench need to know about a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from agents.models import Seat
from agents.services import cases, drafting
from agents.services.seats import SUPERVISOR
from agents.services.shelves import ICONS, visitor_number
from conversations.models import Conversation
from conversations.models.conversations import Priority
from conversations.services import timeline
from conversations.services.conversations import Reader
from conversations.services.dialogue import emotion

_EYES = Reader(sees_agents=True)
_ITEMS = 200
# What fits less is no answer.
_FITTING = 0.1
# Below this a contact sounds less than calm.
_UPSET = 0.7
_AFTER_ALL = 2**31 - 1


def facts(request: HttpRequest, *, session_id: str, seat: Seat) -> dict[str, Any]:
    """Return what head and side of a conversation show. Raises `Missing`."""
    user: Any = request.user
    case = cases.detail(session_id=session_id)
    mine = case["assigned_agent_id"] == seat.agent_id
    supervisor = user.role == SUPERVISOR
    return {
        "case": case,
        "mine": mine,
        "supervisor": supervisor,
        "acts": case["state"] == Conversation.State.ASSIGNED and (mine or supervisor),
        "icon": ICONS[case["state"]],
        "number": visitor_number(case["visitor_id"]),
        "priorities": Priority.choices,
        "known": _known(case),
    }


def _known(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    begun = parse_datetime(case["created_at"])
    mood = case["emotion_score"]
    return [
        (gettext("Channel"), str(Conversation.Channel(case["channel"]).label)),
        *([(gettext("Customer number"), case["user_id"])] if case["user_id"] else []),
        (gettext("Turns"), str(case["turn_count"])),
        *([(gettext("Mood"), _mood(mood))] if mood is not None else []),
        *([(gettext("Satisfaction"), f"{case['csat']} / 5")] if isinstance(case["csat"], int) else []),
        *([(gettext("Begun"), date_format(localtime(begun), "DATETIME_FORMAT"))] if begun else []),
    ]


def _mood(score: float) -> str:
    if score <= emotion.ANGRY:
        return gettext("Angry")
    if score < _UPSET:
        return gettext("Upset")
    return gettext("Pleased") if score >= emotion.PLEASED else gettext("Calm")


def story(*, session_id: str) -> dict[str, Any]:
    """Return the end of a conversation as its socket would tell it, and how far that goes. Raises `Missing`."""
    part = timeline.read(
        public_id=session_id, reader=_EYES, before_seq=_AFTER_ALL, limit=_ITEMS, with_events=True
    )
    return {
        "session_id": session_id,
        "state": part.conversation.state,
        "last_seq": part.items[-1]["seq"] if part.items else 0,
        "more": part.has_more,
        "items": part.items,
    }


def asked(*, session_id: str) -> str:
    """Return what the contact asked last. Raises `Missing`."""
    return drafting.question_of(drafting.said(session_id=session_id).lines)


def sources(chunks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the passages that fit as the sources that the sheet shows, with how well each does in percent."""
    fitting = [chunk for chunk in chunks if chunk["score"] >= _FITTING]
    return [
        {**chunk, "n": n, "quote": chunk["content"], "percent": round(chunk["score"] * 100)}
        for n, chunk in enumerate(fitting, start=1)
    ]
