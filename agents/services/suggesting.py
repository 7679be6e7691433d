"""The reply that the knowledge would give, told as it is written, for an agent to send, change or leave."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from agents.services import drafting
from conversations.services import streams
from conversations.services.dialogue import languages, searching
from kimono.lib.threads import in_thread
from knowledge.services import answering, tuning, visibility
from knowledge.services.answering.citing import OnCite, OnText
from knowledge.services.answers import Citation, Outcome
from knowledge.services.steps import OnStep, StepRecord

log = logging.getLogger(__name__)
# For what a model writes, and for all of it.
_SECONDS = 12.0
_LONGEST_SECONDS = 30.0
_NOTHING = "∅"

End: TypeAlias = Literal["own", "written", "quoted", "instead", "unfinished", "nothing", "unasked", "failed"]
"""How a suggestion ends.

`own`: a pair's own words; `written` by a model and held by its sources; `quoted` from a document where there is no
model, or `instead` of one that failed; `unfinished` when a model broke off after the text that stands there; `nothing`
when the knowledge has no answer; `unasked` when the contact has asked nothing; `failed` when no answer could be looked
for to the end.
"""
_ENDS: Mapping[str, End] = {"answer_from_qa": "own", "generate": "written", "extract": "quoted"}


@dataclass(frozen=True)
class Asked:
    """What a contact asked last, as a question that stands by itself; empty when it asked nothing."""

    session_id: str
    question: str
    language: str


@dataclass(frozen=True)
class Told:
    """One thing that is told of a suggestion: a `source` before the text that cites it, `text`, and one `done`."""

    event: Literal["source", "text", "done"]
    data: Mapping[str, Any]


def asked(*, session_id: str) -> Asked:
    """Return what the contact of a conversation asked last. Raises `Missing`."""
    so_far = drafting.said(session_id=session_id)
    question = drafting.question_of(so_far.lines)
    language = languages.language_of(question, so_far.lines, chosen=so_far.language)
    return Asked(session_id, question, language)


def end_of(outcome: Outcome | None, steps: Sequence[StepRecord], *, passed: bool) -> End:
    """Return how a suggestion ended: with which outcome (None: by an error), after which steps, with text or without."""
    if outcome is None:
        return "unfinished" if passed else "failed"
    broken = any(step.name == "generate" and step.status != "success" for step in steps)
    if outcome != "answered":
        return "failed" if broken else "nothing"
    last = next((step.name for step in reversed(steps) if step.name in _ENDS), "generate")
    if last == "generate":
        return "unfinished" if broken else "written"
    return "instead" if broken and last == "extract" else _ENDS[last]


async def written(question: Asked) -> AsyncGenerator[Told, None]:
    """Yield a suggestion as it is written; whoever stops listening ends it, and the model's work with it."""
    if not question.question:
        yield Told("done", {"end": "unasked", "text": ""})
        return
    told: asyncio.Queue[Told] = asyncio.Queue()
    work = asyncio.create_task(_write(question, told.put_nowait))
    try:
        while True:
            piece = await told.get()
            yield piece
            if piece.event == "done":
                return
    finally:
        work.cancel()
        await asyncio.wait({work})


async def framed(question: Asked) -> AsyncGenerator[bytes, None]:
    """Yield a suggestion as server-sent events."""
    async with aclosing(written(question)) as pieces:
        async for piece in pieces:
            yield streams.framed(piece.event, piece.data)


async def _write(question: Asked, tell: Callable[[Told], None]) -> None:
    steps: list[StepRecord] = []
    passed: list[str] = []

    async def pass_on(text: str) -> None:
        if passed or text != _NOTHING:
            passed.append(text)
            tell(Told("text", {"content": text}))

    def cite(citation: Citation) -> None:
        tell(Told("source", searching.shown(citation)))

    outcome: Outcome | None = None
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            outcome = await _outcome(question, pass_on, cite, steps.append)
    except Exception:
        log.exception("a suggestion ended before its end")
    end = end_of(outcome, steps, passed=bool(passed))
    tell(Told("done", {"end": end, "text": "".join(passed)}))


async def _outcome(question: Asked, pass_on: OnText, cite: OnCite, keep: OnStep) -> Outcome:
    given = await answering.answer(
        question=question.question,
        rewritten=question.question,
        view=visibility.view_of(question.session_id),
        params=await in_thread(tuning.effective),
        language=question.language,
        ref="suggest",
        deadline_seconds=_SECONDS,
        refusal=_NOTHING,
        on_step=keep,
        on_text=pass_on,
        on_cite=cite,
        cacheable=False,
    )
    return given.outcome
