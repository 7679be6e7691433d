"""Conversations as agents see them: in the queue, in their list, and whole."""

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db.models import Count, FloatField, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from agents.models import Group, ReadMark
from agents.services.sections import AgentsSettings
from conversations.models import Conversation, Handoff, Message, Turn
from conversations.services import conversations, filing, handoffs, notes, payloads
from conversations.services.payloads import moment
from kimono.lib.errors import Invalid
from kimono.lib.patching import KEPT
from tenants.services import tenant_settings
from tenants.services.auditing import Actor

HISTORY = 500
Scope = Literal["mine", "all", "unassigned"]
Confidence = Literal["low", "middle", "high"]
# From which share of certainty, and below which.
CONFIDENCE: Mapping[Confidence, tuple[float, float]] = {
    "low": (0.0, 0.5),
    "middle": (0.5, 0.8),
    "high": (0.8, math.inf),
}
_LOOKED = (Turn.Outcome.ANSWERED, Turn.Outcome.REFUSED)


def pending(*, priority: str | None = None, group_id: str | None = None, limit: int = 100) -> list[Handoff]:
    """Return the handoffs that wait for a person, the most urgent first, of equals the one that waits longest."""
    rows = Handoff.objects.filter(status=Handoff.Status.REQUESTED).select_related("conversation")
    if priority:
        rows = rows.filter(priority=priority)
    if group_id:
        rows = rows.filter(conversation__group_id=group_id)
    return list(rows.annotate(rank=handoffs.rank()).order_by("rank", "pending_since", "pk")[:limit])


def pending_items(waiting: Collection[Handoff], *, now: datetime) -> list[dict[str, Any]]:
    """Return handoffs that wait as `PendingItem`s of the wire."""
    last, promised = _last_messages([handoff.conversation_id for handoff in waiting]), _promised()
    return [_item(handoff, last.get(handoff.conversation_id), promised, now) for handoff in waiting]


def _promised() -> float:
    """Return how many seconds a contact may wait, as the merchant has set it."""
    seconds = tenant_settings.get(AgentsSettings).sla_seconds
    return math.inf if seconds is None else seconds


def _item(handoff: Handoff, last: Message | None, promised: float, now: datetime) -> dict[str, Any]:
    conversation, waited = handoff.conversation, _seconds(handoff.pending_since, now)
    return {
        "session_id": conversation.public_id,
        "user_id": conversation.user_id or None,
        "channel": conversation.channel,
        "priority": handoff.priority,
        "escalate_reason": handoff.reason,
        "summary": handoff.card.get("summary", ""),
        "turn_count": conversation.turn_count,
        "agent_status": conversation.agent_status,
        "assigned_agent_id": conversation.assigned_agent_id or None,
        "group_id": conversation.group_id or None,
        "member_level": conversation.member_level or "normal",
        "created_at": moment(conversation.created_at),
        "pending_since": moment(handoff.pending_since),
        "waiting_seconds": waited,
        "over_sla": waited > promised,
        "last_message": last.content if last is not None else "",
    }


def listed(
    *,
    viewer: str,
    scope: Scope = "mine",
    priority: str | None = None,
    agent_id: str | None = None,
    group_id: str | None = None,
    tag: str | None = None,
    score: int | None = None,
    confidence: Confidence | None = None,
    **filters: Any,
) -> QuerySet[Conversation]:
    """Return conversations for an agent's list, newest first; `filters` are those of `conversations.listed`.

    `confidence` is how sure the bot was when it last looked for an answer.
    """
    wanted = Q()
    if scope == "mine":
        wanted &= Q(assigned_agent_id=viewer)
    elif scope == "unassigned":
        wanted &= Q(state=Conversation.State.PENDING)
    for name, value in (("priority", priority), ("assigned_agent_id", agent_id), ("group_id", group_id)):
        if value:
            wanted &= Q(**{name: value})
    if tag:
        wanted &= Q(tags__contains=[tag])
    if score:
        wanted &= Q(csat=score)
    rows = conversations.listed(**filters).filter(wanted)
    if confidence:
        least, below = CONFIDENCE[confidence]
        rows = rows.annotate(sure=_sure()).filter(sure__gte=least, sure__lt=below)
    return rows.select_related("open_handoff").annotate(read_seq=_read_seq(viewer))


def _sure() -> Subquery:
    """Return how sure the bot was when it last looked for an answer; NULL where it never did."""
    looked = Turn.objects.filter(conversation=OuterRef("pk"), outcome__in=_LOOKED).order_by("-pk")
    return Subquery(looked.values("confidence")[:1], output_field=FloatField())


def _read_seq(viewer: str) -> Greatest:
    mark = ReadMark.objects.filter(conversation=OuterRef("pk"), agent_id=viewer).values("seq")[:1]
    own = Message.objects.filter(conversation=OuterRef("pk"), author=Message.Author.AGENT).order_by("-seq")
    return Greatest(
        Coalesce(Subquery(mark, output_field=IntegerField()), Value(0)),
        # Whoever answers has read what was said before.
        Coalesce(Subquery(own.values("seq")[:1], output_field=IntegerField()), Value(0)),
    )


def rows(found: Collection[Any], *, now: datetime) -> list[dict[str, Any]]:
    """Return the conversations of a page of `listed` as rows of the wire (AG-02)."""
    keys = [conversation.pk for conversation in found]
    last, cards = _last_messages(keys), _cards(keys)
    unread, promised = _unread(found), _promised()
    waited = {each.pk: _waiting(each, last.get(each.pk), now) for each in found}
    return [
        {
            **shown,
            "summary": cards.get(conversation.pk, {}).get("summary", ""),
            "last_message": last[conversation.pk].content if conversation.pk in last else "",
            "waiting_seconds": waited[conversation.pk],
            "over_sla": waited[conversation.pk] > promised,
            "unread": unread.get(conversation.pk, 0),
        }
        for conversation, shown in zip(found, payloads.sessions(found), strict=True)
    ]


def _last_messages(keys: Collection[int]) -> Mapping[int, Message]:
    """Return what was last said in each: by a person, or as an answer; that a person is called for says nothing."""
    newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-seq").values("pk")
    said = newest.exclude(kind=Message.Kind.TRANSFER).exclude(author=Message.Author.SYSTEM)
    last = Conversation.objects.filter(pk__in=keys).annotate(
        last_pk=Coalesce(Subquery(said[:1]), Subquery(newest[:1]))
    )
    found = Message.objects.filter(pk__in=last.values("last_pk"))
    return {message.conversation_id: message for message in found}


def _cards(keys: Collection[int]) -> Mapping[int, Mapping[str, Any]]:
    newest = (
        Handoff.objects.filter(conversation_id__in=keys)
        .order_by("conversation_id", "-pk")
        .distinct("conversation_id")
    )
    return {handoff.conversation_id: handoff.card for handoff in newest}


def _unread(found: Collection[Any]) -> Mapping[int, int]:
    new = [Q(conversation_id=conversation.pk, seq__gt=conversation.read_seq) for conversation in found]
    if not new:
        return {}
    rows = Message.objects.filter(reduce(or_, new), author=Message.Author.VISITOR)
    return dict(rows.values_list("conversation_id").annotate(n=Count("pk")).order_by())


def _waiting(conversation: Conversation, last: Message | None, now: datetime) -> int:
    """Return how long the contact has waited for a person, in seconds; 0 when it does not wait."""
    if conversation.state == Conversation.State.PENDING and conversation.open_handoff is not None:
        return _seconds(conversation.open_handoff.pending_since, now)
    if conversation.state != Conversation.State.ASSIGNED or last is None:
        return 0
    return _seconds(last.created_at, now) if last.author == Message.Author.VISITOR else 0


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def detail(*, session_id: str) -> dict[str, Any]:
    """Return a conversation whole, as `Detail` of the wire. Raises `Missing`."""
    conversation = conversations.get(public_id=session_id, reader=conversations.Reader(sees_agents=True))
    newest = Message.objects.filter(conversation=conversation).order_by("-seq")[:HISTORY]
    handoff = Handoff.objects.filter(conversation=conversation).order_by("-pk").first()
    agent = None
    if conversation.assigned_agent_id:
        agent = {"id": conversation.assigned_agent_id, "name": conversation.assigned_agent_name}
    return {
        **payloads.session(conversation),
        "emotion_score": conversation.emotion_score,
        "escalation_card": handoff.card if handoff is not None else None,
        "history": [payloads.message(row, session_id=session_id) for row in reversed(newest)],
        "notes": [notes.shown(row) for row in notes.listed(session_id=session_id)],
        "resolved_at": moment(conversation.resolved_at) if conversation.resolved_at else None,
        "resolution_note": conversation.resolution_note or None,
        "assigned_agent": agent,
    }


def file(*, session_id: str, given: Mapping[str, Any], by: Actor, now: datetime) -> dict[str, Any]:
    """Change priority, tags or group of a conversation and return it whole. Raises `Missing`, `Invalid` (no such group)."""
    conversations.get(public_id=session_id, reader=conversations.Reader(sees_agents=True))
    group_id = given.get("group_id")
    if group_id and not Group.objects.filter(public_id=group_id).exists():
        raise Invalid("there is no such group", loc=["body", "group_id"])
    filing.file(
        session_id=session_id,
        priority=given.get("priority"),
        tags=given.get("tags"),
        group_id=given.get("group_id", KEPT),
        by=by,
        now=now,
    )
    return detail(session_id=session_id)
