"""The dialogue: clarify → retrieve → answer → hand off, each stage a timed step of the turn."""

from dataclasses import dataclass, field, replace
from typing import Any

from conversations.services import payloads
from conversations.services.dialogue import (
    business,
    cards,
    clarifying,
    emotion,
    escalation,
    hours,
    recognising,
    searching,
)
from conversations.services.dialogue.clarifying import Clarified
from conversations.services.dialogue.escalation import Escalation, Facts
from conversations.services.dialogue.intents import Recognised
from conversations.services.dialogue.phrases import Phrase, say
from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Outcome, Recorder, Reply, Transfer, Writer
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.window import Line, LineKind
from knowledge.services.connectors import ToolError, ToolResult
from knowledge.services.steps import timed

__all__ = ["Question", "fallback", "respond"]


@dataclass(frozen=True)
class _Talk:
    """A question that was understood, and where its reply goes."""

    question: Question
    recognised: Recognised
    asked: str
    emotion_score: float
    writer: Writer
    record: Recorder
    slots: dict[str, Any] = field(default_factory=dict)

    def reply(self, text: str, kind: LineKind, outcome: Outcome, **more: Any) -> Reply:
        """Return a reply that changes nothing but what `more` says."""
        question = self.question
        unchanged: dict[str, Any] = {
            "failed_attempts": question.failed_attempts,
            "slots": self.slots,
            "scene_id": question.scene_id,
            "asked_slot": question.asked_slot,
            "asks": question.asks,
        }
        return Reply(
            text=text,
            kind=kind,
            outcome=outcome,
            intent=self.recognised.intent,
            language=question.language,
            emotion_score=self.emotion_score,
            rewritten=self.asked,
            **{**unchanged, **more},
        )

    def phrase(self, phrase: Phrase, **values: str) -> str:
        """Return what the bot says in its own name, in the contact's language."""
        return say(phrase, self.question.language, **values)


_NO_SCENE: dict[str, Any] = {"scene_id": "", "asked_slot": "", "asks": 0}


async def respond(question: Question, *, writer: Writer, record: Recorder) -> Reply:
    """Return the bot's reply to a message; what can be read while it is being made goes to `writer`.

    Never raises for a model or a business system that fails: the reply degrades and says so.
    """
    understood = await recognising.understand(question, record=record)
    talk = _Talk(
        question=question,
        recognised=understood.recognised,
        asked=understood.rewritten.text,
        emotion_score=emotion.score(question.text, window=question.window),
        writer=writer,
        record=record,
        slots=clarifying.known_values(question),
    )
    writer.know(
        intent=talk.recognised.intent, emotion_score=talk.emotion_score, rewritten=understood.rewritten.text
    )
    recognised = talk.recognised
    if recognised.intent == "blocked":
        return talk.reply(talk.phrase("blocked"), "small_talk", "small_talk")
    if recognised.intent == "transfer_to_human":
        return _handed_over(talk, _judged(talk, requested=True), otherwise=None)
    if recognised.small_talk is not None:
        return _small_talk(talk)
    if recognised.dissatisfied or talk.emotion_score <= emotion.ANGRY:
        return _upset(talk)
    scene = _scene(talk)
    if scene is not None:
        return await _in_scene(talk, scene)
    if recognised.intent == "unknown":
        return talk.reply(talk.phrase("nonsense"), "ask", "asked", follow_up_question=talk.phrase("nonsense"))
    return await _from_knowledge(talk, talk.asked, cacheable=not question.given)


def fallback(question: Question) -> Reply:
    """Return what is said when the time is over and nothing was written: that the bot does not know."""
    return Reply(
        text=question.refusal,
        kind="refusal",
        outcome="refused",
        intent="unknown",
        language=question.language,
        failed_attempts=question.failed_attempts + 1,
        slots=question.slots,
        scene_id=question.scene_id,
        asked_slot=question.asked_slot,
        asks=question.asks,
        handoff_offered=True,
        degraded="llm_timeout",
    )


def _small_talk(talk: _Talk) -> Reply:
    kind = talk.recognised.small_talk or "acknowledged"
    text = talk.question.greeting if kind == "greeting" else talk.phrase(kind)
    return talk.reply(text, "small_talk", "small_talk")


def _upset(talk: _Talk) -> Reply:
    failed = _failed(talk)
    judged = _judged(
        talk,
        failed_attempts=failed,
        unresolved=True,
        dissatisfied=talk.recognised.dissatisfied,
        emotion_score=talk.emotion_score,
    )
    sorry = talk.phrase("complaint") + talk.phrase("offer_human")
    offered = talk.reply(sorry, "refusal", "refused", failed_attempts=failed, handoff_offered=True)
    return _handed_over(talk, judged, otherwise=offered)


def _scene(talk: _Talk) -> Scene | None:
    wanted = talk.recognised.scene_id
    return next((scene for scene in talk.question.scenes if wanted and scene.scene_id == wanted), None)


async def _in_scene(talk: _Talk, scene: Scene) -> Reply:
    clarified = clarifying.clarify(talk.question, scene, record=talk.record)
    state = clarified.state
    talk = replace(talk, slots=dict(state.slots))
    if state.cancelled:
        return talk.reply(talk.phrase("cancelled"), "small_talk", "small_talk", **_NO_SCENE)
    if state.exhausted:
        return _exhausted(talk, clarified)
    if state.missing:
        return _ask(talk, clarified)
    if scene.then == "handoff":
        judged = _judged(talk, hands_off=True, urgent=talk.recognised.urgent)
        return replace(_handed_over(talk, judged, otherwise=_offer(talk)), **_NO_SCENE)
    if scene.then.startswith("tool:"):
        return replace(await _from_business(talk, clarified), **_NO_SCENE)
    full = clarifying.full_question(talk.question, clarified)
    return replace(await _from_knowledge(talk, full, cacheable=False), **_NO_SCENE)


def _ask(talk: _Talk, clarified: Clarified) -> Reply:
    state = clarified.state
    text = state.follow_up_question or ""
    return talk.reply(
        text,
        "ask",
        "asked",
        scene_id=clarified.scene.scene_id,
        asked_slot=state.asked or "",
        asks=state.asks,
        missing_slots=state.missing,
        follow_up_question=text,
    )


def _exhausted(talk: _Talk, clarified: Clarified) -> Reply:
    failed = _failed(talk)
    judged = _judged(talk, failed_attempts=failed, unresolved=True, slots_exhausted=True)
    offered = talk.reply(
        talk.phrase("exhausted") + talk.phrase("offer_human"),
        "refusal",
        "refused",
        failed_attempts=failed,
        handoff_offered=True,
        missing_slots=clarified.state.missing,
    )
    return replace(_handed_over(talk, judged, otherwise=offered), **_NO_SCENE)


async def _from_business(talk: _Talk, clarified: Clarified) -> Reply:
    result = await business.call(
        talk.question, then=clarified.scene.then, values=clarified.values, record=talk.record
    )
    if isinstance(result, ToolResult) and result.status == "ok":
        level = result.data.get("level")
        return talk.reply(
            result.reply,
            "answer",
            "answered",
            failed_attempts=0,
            confidence=1.0,
            member_level=level if isinstance(level, str) else "",
        )
    failed = _failed(talk)
    if isinstance(result, ToolResult):
        judged = _judged(talk, failed_attempts=failed, unresolved=True)
        offered = _offer(talk, text=result.reply, failed_attempts=failed)
    elif isinstance(result, ToolError):
        judged = _judged(talk, failed_attempts=failed, unresolved=True, business_unavailable=True)
        offered = _offer(talk, text=talk.phrase("business_unavailable"), failed_attempts=failed)
    else:
        # A change of the merchant's data: a person does it.
        judged = _judged(talk, hands_off=True)
        offered = _offer(talk, text=result.summary, failed_attempts=failed)
    return _handed_over(talk, judged, otherwise=offered)


async def _from_knowledge(talk: _Talk, asked: str, *, cacheable: bool) -> Reply:
    question = talk.question
    sorry = talk.phrase("complaint") if talk.recognised.intent == "emotion_sensitive" else ""
    found = await searching.search(
        question,
        asked=asked,
        cacheable=cacheable,
        writer=talk.writer,
        record=talk.record,
        opening=sorry,
    )
    known: dict[str, Any] = {
        "confidence": found.confidence,
        "citations": tuple(searching.shown(each) for each in found.citations),
        "attachments": found.attachments,
        "degraded": found.degraded,
        "model_used": found.model_used or None,
        "cached": found.cached,
        "knowledge_version": found.knowledge_version or None,
        "searched": True,
    }
    if found.outcome == "asked_back":
        return talk.reply(
            found.text,
            "ask",
            "asked",
            suggestions=searching.suggested(found),
            follow_up_question=found.text,
            **{**known, "confidence": 0.0},
        )
    if found.outcome == "answered":
        return talk.reply(sorry + found.text, "answer", "answered", failed_attempts=0, **known)
    failed = _failed(talk)
    judged = _judged(talk, failed_attempts=failed, unresolved=True, no_answer=True)
    offered = _offer(talk, text=sorry + question.refusal, failed_attempts=failed)
    unknown = {**known, "confidence": 0.0, "citations": (), "attachments": ()}
    return replace(_handed_over(talk, judged, otherwise=offered), **unknown)


def _offer(talk: _Talk, *, text: str = "", **more: Any) -> Reply:
    """Return a reply that says what it cannot do, and offers a person."""
    offer = talk.phrase("offer_human")
    # A merchant's own words may offer a person already.
    whole = text if "人工" in text or "human" in text else f"{text}{_space(talk)}{offer}"
    return talk.reply(whole.strip(), "refusal", "refused", handoff_offered=True, **more)


def _space(talk: _Talk) -> str:
    return " " if talk.question.language == "en" else ""


def _failed(talk: _Talk) -> int:
    return escalation.count_failed(
        talk.question.failed_attempts,
        "unresolved",
        urgent=talk.recognised.urgent,
        policy=talk.question.policy,
    )


def _judged(talk: _Talk, **facts: Any) -> Escalation | None:
    known = {
        "urgent": talk.recognised.urgent,
        "member_level": talk.question.member_level or "normal",
        **facts,
    }
    return escalation.decide(Facts(now=talk.question.at, **known), talk.question.policy)


def _handed_over(talk: _Talk, judged: Escalation | None, *, otherwise: Reply | None) -> Reply:
    """Return the reply that brings in a person; `otherwise` where no rule does, or nobody is at work."""
    if judged is None:
        return otherwise or _offer(talk)
    with timed("escalate", talk.record, input_summary=judged.rule) as note:
        note.output_summary = judged.priority if judged.transfer else "recorded only"
        note.detail.update(rule=judged.rule, priority=judged.priority, transfer=judged.transfer)
        if not judged.transfer:
            return _told_when(talk, otherwise or _offer(talk))
        transfer = Transfer(
            rule=judged.rule,
            reason=judged.escalate_reason,
            priority=judged.priority,
            card=_card(talk, judged),
        )
    talk.writer.know(escalate=True)
    failed = otherwise.failed_attempts if otherwise is not None else talk.question.failed_attempts
    return talk.reply(
        _transfer_words(talk), "transfer", "transferred", transfer=transfer, failed_attempts=failed
    )


def _transfer_words(talk: _Talk) -> str:
    opening = hours.next_opening_text(
        talk.question.policy.working_hours, talk.question.at, talk.question.language
    )
    if opening:
        return talk.phrase("transferring_out_of_hours", opening=opening)
    return talk.phrase("transferring")


def _told_when(talk: _Talk, reply: Reply) -> Reply:
    """Return a reply that, where a person would be brought in, says when there is one."""
    opening = hours.next_opening_text(
        talk.question.policy.working_hours, talk.question.at, talk.question.language
    )
    if not opening:
        return reply
    offer = talk.phrase("offer_human")
    text = reply.text.removesuffix(offer).strip()
    told = talk.phrase("out_of_hours", opening=opening)
    return replace(reply, text=f"{text}{_space(talk)}{told}".strip())


def _card(talk: _Talk, judged: Escalation) -> dict[str, Any]:
    question = talk.question
    return cards.card(
        history=[*question.window, Line("contact", question.text)],
        session_id=question.session_id,
        user_id=question.contact_id,
        member_level=question.member_level,
        turn_count=question.turn_count,
        judged=judged,
        slots=talk.slots,
        language=question.language,
        at=payloads.moment(question.at),
    )
