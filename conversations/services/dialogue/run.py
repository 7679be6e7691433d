"""The dialogue: clarify → retrieve → answer → hand off, each stage a timed step of the turn."""

from dataclasses import replace
from typing import Any

from conversations.services.dialogue import business, clarifying, emotion, recognising, searching
from conversations.services.dialogue.clarifying import Clarified
from conversations.services.dialogue.handing_over import failed, hand_over, judge, offer
from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Recorder, Reply, Writer
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.talk import Talk
from knowledge.services.connectors import ToolError, ToolResult

__all__ = ["Question", "fallback", "respond"]

_NO_SCENE: dict[str, Any] = {"scene_id": "", "asked_slot": "", "asks": 0}


async def respond(question: Question, *, writer: Writer, record: Recorder) -> Reply:
    """Return the bot's reply to a message; what can be read while it is being made goes to `writer`.

    Never raises for a model or a business system that fails: the reply degrades and says so.
    """
    understood = await recognising.understand(question, record=record)
    talk = Talk(
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
        return hand_over(talk, judge(talk, requested=True), otherwise=None)
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


def _small_talk(talk: Talk) -> Reply:
    kind = talk.recognised.small_talk or "acknowledged"
    text = talk.question.greeting if kind == "greeting" else talk.phrase(kind)
    return talk.reply(text, "small_talk", "small_talk")


def _upset(talk: Talk) -> Reply:
    failed_now = failed(talk)
    judged = judge(
        talk,
        failed_attempts=failed_now,
        unresolved=True,
        dissatisfied=talk.recognised.dissatisfied,
        emotion_score=talk.emotion_score,
    )
    sorry = talk.phrase("complaint") + talk.phrase("offer_human")
    offered = talk.reply(sorry, "refusal", "refused", failed_attempts=failed_now, handoff_offered=True)
    return hand_over(talk, judged, otherwise=offered)


def _scene(talk: Talk) -> Scene | None:
    wanted = talk.recognised.scene_id
    return next((scene for scene in talk.question.scenes if wanted and scene.scene_id == wanted), None)


async def _in_scene(talk: Talk, scene: Scene) -> Reply:
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
        judged = judge(talk, hands_off=True, urgent=talk.recognised.urgent)
        return replace(hand_over(talk, judged, otherwise=offer(talk)), **_NO_SCENE)
    if scene.then.startswith("tool:"):
        return replace(await _from_business(talk, clarified), **_NO_SCENE)
    full = clarifying.full_question(talk.question, clarified)
    return replace(await _from_knowledge(talk, full, cacheable=False), **_NO_SCENE)


def _ask(talk: Talk, clarified: Clarified) -> Reply:
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


def _exhausted(talk: Talk, clarified: Clarified) -> Reply:
    failed_now = failed(talk)
    judged = judge(talk, failed_attempts=failed_now, unresolved=True, slots_exhausted=True)
    offered = talk.reply(
        talk.phrase("exhausted") + talk.phrase("offer_human"),
        "refusal",
        "refused",
        failed_attempts=failed_now,
        handoff_offered=True,
        missing_slots=clarified.state.missing,
    )
    return replace(hand_over(talk, judged, otherwise=offered), **_NO_SCENE)


async def _from_business(talk: Talk, clarified: Clarified) -> Reply:
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
    failed_now = failed(talk)
    if isinstance(result, ToolResult):
        judged = judge(talk, failed_attempts=failed_now, unresolved=True)
        offered = offer(talk, text=result.reply, failed_attempts=failed_now)
    elif isinstance(result, ToolError):
        judged = judge(talk, failed_attempts=failed_now, unresolved=True, business_unavailable=True)
        offered = offer(talk, text=talk.phrase("business_unavailable"), failed_attempts=failed_now)
    else:
        # A change of the merchant's data: a person does it.
        judged = judge(talk, hands_off=True)
        offered = offer(talk, text=result.summary, failed_attempts=failed_now)
    return hand_over(talk, judged, otherwise=offered)


async def _from_knowledge(talk: Talk, asked: str, *, cacheable: bool) -> Reply:
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
            sorry + found.text,
            "ask",
            "asked",
            suggestions=searching.suggested(found),
            follow_up_question=sorry + found.text,
            **{**known, "confidence": 0.0},
        )
    if found.outcome == "answered":
        return talk.reply(sorry + found.text, "answer", "answered", failed_attempts=0, **known)
    failed_now = failed(talk)
    judged = judge(talk, failed_attempts=failed_now, unresolved=True, no_answer=True)
    offered = offer(talk, text=sorry + question.refusal, failed_attempts=failed_now)
    unknown = {**known, "confidence": 0.0, "citations": (), "attachments": ()}
    return replace(hand_over(talk, judged, otherwise=offered), **unknown)
