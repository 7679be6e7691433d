"""A reply that ends before its end: it keeps what was written, and the citations that are in it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Reply


def what_was_said(
    question: Question, known: Mapping[str, Any], written: str, *, degraded: str | None
) -> Reply:
    """Return the reply that was `written` so far; nothing else of the conversation changes."""
    reply = Reply(
        text=written,
        kind="answer",
        outcome="answered",
        intent=known.get("intent", "unknown"),
        language=question.language,
        failed_attempts=question.failed_attempts,
        emotion_score=known.get("emotion_score"),
        slots=question.slots,
        scene_id=question.scene_id,
        asked_slot=question.asked_slot,
        asks=question.asks,
        citations=tuple(known.get("citations_so_far", ())),
        confidence=max((each["score"] for each in known.get("citations_so_far", ())), default=0.0),
        degraded=degraded,
        rewritten=known.get("rewritten", ""),
    )
    return cut(reply, written)


def cut(reply: Reply, text: str) -> Reply:
    """Return `reply` with another text and only the citations that it uses."""
    used = tuple(each for each in reply.citations if f"[{each['n']}]" in text)
    return replace(reply, text=text, citations=used)
