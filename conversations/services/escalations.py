"""A person is asked for outside of a turn: by a button, or by votes that say that the bot does not help."""

from datetime import datetime
from typing import Any

from django.db import transaction

from conversations.models import Conversation, Handoff
from conversations.models.conversations import Priority
from conversations.services import conversations, handoffs, payloads, sections, sequencing
from conversations.services.conversations import Reader
from conversations.services.dialogue import cards, escalation
from conversations.services.dialogue.escalation import Escalation, Facts
from conversations.services.dialogue.hours import in_working_hours
from conversations.services.dialogue.languages import language_of
from conversations.services.dialogue.window import Line
from conversations.services.handoffs import Handler
from conversations.services.turns import context
from tenants.services.auditing import Actor


def ask_for_person(
    *, session_id: str, reader: Reader, reason: str, priority: str | None, now: datetime
) -> dict[str, Any]:
    """Bring in a person because the contact wants one (CH-10); while one is on the way, nothing changes.

    Raises `Missing`, `Closed`.
    """
    conversations.get(public_id=session_id, reader=reader)
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        if conversation.state == Conversation.State.CLOSED:
            raise sequencing.Closed
        handoff = conversation.open_handoff
        if handoff is None:
            judged = escalation.decide(
                Facts(now=now, requested=True, member_level=conversation.member_level or "normal"),
                sections.policy(),
            )
            if judged is None:
                raise AssertionError("a request is always a reason")
            handoff = _request(conversation, judged, reason=reason, priority=priority, now=now)
    position = handoffs.queue_position(conversation)
    return {
        "session_id": session_id,
        "state": conversation.state,
        "agent_status": conversation.agent_status,
        "escalation_card": handoff.card,
        "queue_position": position,
        "estimated_wait_seconds": handoffs.estimated_wait_seconds(position),
        "in_working_hours": in_working_hours(sections.policy().working_hours, now),
    }


def take_over(
    *, session_id: str, agent: Handler, force: bool = False, by: Actor, now: datetime
) -> Conversation:
    """Give a conversation that the bot has, or that waits, to an agent, who is told the story so far.

    Raises as `handoffs.take_over`.
    """

    def card(conversation: Conversation) -> dict[str, Any]:
        return _card(
            conversation,
            rule=handoffs.TAKEOVER,
            why=handoffs.TAKEN_OVER,
            priority=Priority.NORMAL,
            reason="",
            now=now,
        )

    return handoffs.take_over(session_id=session_id, agent=agent, force=force, card=card, by=by, now=now)


def after_down_vote(conversation: Conversation, *, now: datetime) -> Handoff | None:
    """Bring in a person when votes say that the bot does not help. The row must be locked."""
    if conversation.state != Conversation.State.BOT:
        return None
    judged = escalation.decide(
        Facts(
            now=now,
            down_votes=conversation.down_votes,
            member_level=conversation.member_level or "normal",
        ),
        sections.policy(),
    )
    if judged is None or not judged.transfer:
        return None
    return _request(conversation, judged, reason="", priority=None, now=now)


def _request(
    conversation: Conversation, judged: Escalation, *, reason: str, priority: str | None, now: datetime
) -> Handoff:
    reopened = conversation.state == Conversation.State.RESOLVED
    if reopened:
        conversations.reopen(conversation, now=now)
    wanted = priority or judged.priority
    handoff = handoffs.request(
        conversation,
        rule=judged.rule,
        reason=reason or judged.escalate_reason,
        priority=wanted,
        card=_card(
            conversation,
            rule=judged.rule,
            why=judged.escalate_reason,
            priority=wanted,
            reason=reason,
            now=now,
        ),
        now=now,
    )
    sequencing.store(
        conversation, *handoffs.REQUESTED, *(conversations.REOPENED if reopened else ()), now=now
    )
    return handoff


def _card(
    conversation: Conversation, *, rule: str, why: str, priority: str, reason: str, now: datetime
) -> dict[str, Any]:
    history = list(context.window(conversation, before=conversation.last_seq + 1))
    if reason:
        history.append(Line("contact", reason))
    return cards.card(
        history=history,
        session_id=conversation.public_id,
        user_id=conversation.user_id,
        member_level=conversation.member_level,
        turn_count=conversation.turn_count,
        rule=rule,
        escalate_reason=why,
        priority=priority,
        slots=conversation.slots,
        language=language_of(reason, history, chosen=conversation.language),
        at=payloads.moment(now),
    )
