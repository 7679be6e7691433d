"""The end of a turn: in one transaction the reply, what it changes, the record of its steps, and the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from conversations.models import Conversation, Message, Step, Turn
from conversations.services import handoffs, payloads, sequencing
from conversations.services.dialogue.reply import Reply
from conversations.services.turns import responses
from conversations.services.turns.shapes import Begun
from kimono import providers
from kimono.lib.masking import mask
from knowledge.services import grants, questions
from knowledge.services.steps import StepRecord
from tenants.models import UsageRecord
from tenants.services import metrics

_SUMMARY = 500


class LeaseLost(Exception):
    """Another process took this turn for abandoned; nothing of it may be written."""


def commit(
    *,
    begun: Begun,
    reply: Reply,
    steps: Sequence[StepRecord],
    owner: str,
    first_token_ms: int | None,
    stopped: bool,
    now: datetime,
) -> Turn:
    """Store a finished reply and end its turn; a reply whose conversation has gone to a person is dropped.

    Returns the turn; its `outcome` says which of the two it was. Raises `LeaseLost`.
    """
    with transaction.atomic():
        conversation = begun.conversation = sequencing.locked(pk=begun.conversation.pk)
        turn = begun.turn
        turn.language, turn.intent, turn.rewritten = reply.language, reply.intent, reply.rewritten
        if conversation.state != Conversation.State.BOT or conversation.epoch != turn.epoch:
            _drop(begun, turn, steps, owner, now)
            return turn
        message = _say(begun, reply, now) if reply.text else None
        handoff = None
        if reply.transfer is not None and not stopped:
            handoff = handoffs.request(
                conversation,
                rule=reply.transfer.rule,
                reason=reply.transfer.reason,
                priority=reply.transfer.priority,
                card=reply.transfer.card,
                now=now,
            )
        _move_on(conversation, reply, now, escalated=handoff is not None)
        _end(turn, message, reply, first_token_ms, now, stopped=stopped, escalated=handoff is not None)
        data = _data(begun, turn, reply, now, stopped=stopped, card=handoff.card if handoff else None)
        turn.response = responses.response(begun, status="ok", reply=message, data=data)
        _write(turn, owner)
        _store_steps(turn, steps)
        _tell(begun, reply, message)
    return turn


def fail(*, begun: Begun, owner: str, steps: Sequence[StepRecord], error: str, now: datetime) -> None:
    """End a turn that gave no reply; sending its message again runs it anew."""
    with transaction.atomic():
        sequencing.locked(pk=begun.conversation.pk)
        turn = begun.turn
        turn.status, turn.error = Turn.Status.FAILED, error[:40]
        _clock(turn, now)
        _count(turn)
        try:
            _write(turn, owner)
        except LeaseLost:
            return
        _store_steps(turn, steps)
    metrics.add("turns.failed")


_WRITTEN = (
    "status",
    "error",
    "outcome",
    "reply",
    "draft",
    "language",
    "intent",
    "rewritten",
    "confidence",
    "emotion_score",
    "failed_attempts",
    "escalated",
    "cached",
    "degraded",
    "model_used",
    "knowledge_version",
    "tokens_input",
    "tokens_output",
    "cost_cny",
    "response",
    "finished_at",
    "duration_ms",
    "first_token_ms",
)


def _write(turn: Turn, owner: str) -> None:
    """Store how a turn ended, unless another process took it for abandoned. Raises `LeaseLost`."""
    held = Turn.objects.filter(pk=turn.pk, lease_owner=owner, status__in=Turn.OPEN)
    if not held.update(**{name: getattr(turn, name) for name in _WRITTEN}):
        raise LeaseLost


def _drop(begun: Begun, turn: Turn, steps: Sequence[StepRecord], owner: str, now: datetime) -> None:
    turn.status, turn.outcome = Turn.Status.SUCCESS, Turn.Outcome.TAKEN_OVER
    _clock(turn, now)
    _count(turn)
    data = responses.silent_data(begun, now=now, intent=turn.intent)
    turn.response = responses.response(begun, status="human", reply=None, data=data)
    turn.draft = ""
    _write(turn, owner)
    _store_steps(turn, steps)


def _say(begun: Begun, reply: Reply, now: datetime) -> Message:
    return sequencing.add_message(
        begun.conversation,
        public_id=begun.turn.reply_public_id,
        role=Message.Role.ASSISTANT,
        author=Message.Author.BOT,
        kind=Message.Kind(reply.kind),
        content=reply.text,
        citations=list(reply.citations),
        attachments=list(reply.attachments),
        now=now,
    )


def _move_on(conversation: Conversation, reply: Reply, now: datetime, *, escalated: bool) -> None:
    conversation.failed_attempts = reply.failed_attempts
    conversation.emotion_score = reply.emotion_score
    conversation.slots, conversation.scene_id = dict(reply.slots), reply.scene_id
    conversation.asked_slot, conversation.asks = reply.asked_slot, reply.asks
    conversation.member_level = reply.member_level[:40] or conversation.member_level
    sequencing.store(
        conversation,
        "failed_attempts",
        "emotion_score",
        "slots",
        "scene_id",
        "asked_slot",
        "asks",
        "member_level",
        *(handoffs.REQUESTED if escalated else ()),
        now=now,
    )


def _clock(turn: Turn, now: datetime) -> None:
    turn.finished_at = now
    turn.duration_ms = int((now - turn.created_at).total_seconds() * 1000)


def _end(
    turn: Turn,
    message: Message | None,
    reply: Reply,
    first_token_ms: int | None,
    now: datetime,
    *,
    stopped: bool,
    escalated: bool,
) -> None:
    turn.status, turn.reply, turn.draft = Turn.Status.SUCCESS, message, ""
    turn.outcome = Turn.Outcome.STOPPED if stopped else Turn.Outcome(reply.outcome)
    turn.confidence, turn.emotion_score = reply.confidence, reply.emotion_score
    turn.failed_attempts, turn.escalated = reply.failed_attempts, escalated
    turn.cached, turn.degraded = reply.cached, reply.degraded or ""
    turn.model_used, turn.knowledge_version = reply.model_used or "", reply.knowledge_version or ""
    turn.first_token_ms = first_token_ms
    _clock(turn, now)
    _count(turn)


def _count(turn: Turn) -> None:
    """Book what the calls of a turn used, those that failed or were broken off among them."""
    if providers.current().chat is not None or providers.current().embedder is not None:
        used = UsageRecord.objects.filter(ref=turn.public_id).aggregate(
            tokens_in=Sum("tokens_input"), tokens_out=Sum("tokens_output"), cost=Sum("cost_cny")
        )
        turn.tokens_input, turn.tokens_output = used["tokens_in"] or 0, used["tokens_out"] or 0
        turn.cost_cny = used["cost"] or 0


def _data(
    begun: Begun, turn: Turn, reply: Reply, now: datetime, *, stopped: bool, card: Any
) -> dict[str, Any]:
    citations = [dict(each) for each in reply.citations]
    return payloads.chat_data(
        intent=reply.intent,
        sources=citations,
        citations=citations,
        attachments=[dict(each) for each in reply.attachments],
        confidence=reply.confidence,
        escalate_to_human=card is not None,
        escalation_card=card,
        handoff_offered=reply.handoff_offered,
        agent_status=begun.conversation.agent_status,
        failed_attempts=reply.failed_attempts,
        turn_count=turn.number,
        emotion_score=reply.emotion_score,
        sub_tasks=[dict(each) for each in reply.sub_tasks],
        slots=dict(reply.slots),
        missing_slots=list(reply.missing_slots),
        follow_up_question=reply.follow_up_question,
        suggestions=[dict(each) for each in reply.suggestions],
        stopped=stopped,
        trace_id=turn.trace_id,
        experiment=turn.experiment,
        cached=reply.cached,
        model_used=reply.model_used,
        language=reply.language,
        latency_ms=turn.duration_ms,
        knowledge_version=reply.knowledge_version,
        degraded=reply.degraded,
    )


def _store_steps(turn: Turn, steps: Sequence[StepRecord]) -> None:
    # By their ends: a stage that holds others comes after them.
    ordered = sorted(steps, key=lambda step: step.started_at + timedelta(milliseconds=step.duration_ms))
    Step.objects.bulk_create(
        Step(
            turn=turn,
            order=order,
            name=step.name,
            started_at=step.started_at,
            duration_ms=step.duration_ms,
            status=step.status,
            input_summary=mask(step.input_summary)[:_SUMMARY],
            output_summary=mask(step.output_summary)[:_SUMMARY],
            detail=dict(step.detail),
        )
        for order, step in enumerate(ordered)
    )


def _tell(begun: Begun, reply: Reply, message: Message | None) -> None:
    session_id = begun.conversation.public_id
    qa_ids = [str(each["qa_id"]) for each in reply.citations if each.get("qa_id")]
    doc_ids = [str(each["doc_id"]) for each in reply.citations if each.get("doc_id")]
    if message is not None:
        sequencing.tell(begun.conversation, message)
    if reply.searched and reply.outcome in ("answered", "refused", "transferred"):
        outcome = "answered" if reply.outcome == "answered" else "refused"
        questions.record(
            text=begun.message.content, unit=session_id, outcome=outcome, qa_ids=qa_ids, doc_ids=doc_ids
        )
    if qa_ids or doc_ids:
        grants.allow(unit=session_id, doc_ids=doc_ids, qa_ids=qa_ids)
    metrics.add("turns")
