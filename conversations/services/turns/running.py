"""A turn on its way: a task of its own, so that it completes whoever stops listening."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from conversations.models import Turn
from conversations.services import doorbell, sections, zones
from conversations.services.dialogue import stopping
from conversations.services.dialogue.languages import language_of
from conversations.services.dialogue.reply import Reply
from conversations.services.dialogue.run import Question, fallback, respond
from conversations.services.sections import ChatSettings
from conversations.services.turns import drafts, finishing, live, ordering
from conversations.services.turns.live import Live
from conversations.services.turns.shapes import Begun, Finished, Limits
from kimono import providers
from kimono.lib.threads import in_thread
from knowledge.services.steps import StepRecord
from tenants.services import tenant_settings

log = logging.getLogger(__name__)
# The opening event goes out by then, whatever is known: the contract gives it two seconds.
OPENING_SECONDS = 1.8
HEARTBEAT_SECONDS = 0.4
SHORTEST_SECONDS = 5.0
_WAIT_SECONDS = 0.4
_STREAMED = frozenset({"stream", "socket"})
_tasks: set[asyncio.Task[None]] = set()


def launch(begun: Begun, *, owner: str, limits: Limits) -> Live:
    """Start the task that answers a message, and return its turn as followers see it."""
    shown = live.begin(begun)
    if begun.place == "human":
        _end_silently(begun, shown)
        return shown
    _keep(_carry_out(begun, shown, owner, limits))
    return shown


def _keep(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _carry_out(begun: Begun, shown: Live, owner: str, limits: Limits) -> None:
    steps: list[StepRecord] = []
    started = time.monotonic()
    try:
        if begun.place == "wait":
            await _await_turn(begun, owner)
        if begun.place == "human":
            _end_silently(begun, shown)
            return
        # What was spent in the queue is gone, but an answer always gets a few seconds.
        seconds = max(SHORTEST_SECONDS, limits.total - (time.monotonic() - started))
        await _answer(begun, shown, owner, replace(limits, total=seconds), steps)
    except finishing.LeaseLost:
        shown.end(Finished({}, "unavailable"), "error", live.error_data("unavailable"))
    except Exception as error:
        code = "unavailable" if isinstance(error, DatabaseError) else "internal"
        log.exception("turn %s failed", shown.turn_id)
        await _fail(begun, shown, owner, steps, code)
    finally:
        live.forget_later(shown)


async def _await_turn(begun: Begun, owner: str) -> None:
    """Wait until it is this turn's turn. Raises `LeaseLost` when somebody took it for abandoned."""
    group = doorbell.group_of(begun.conversation.public_id)
    async with doorbell.listening(group, near_only=True) as bell:
        while True:
            place = await in_thread(ordering.claim, begun, owner=owner)
            if place == "lost":
                raise finishing.LeaseLost
            begun.place = place
            if place != "wait":
                return
            await bell.wait(_WAIT_SECONDS)


async def _answer(begun: Begun, shown: Live, owner: str, limits: Limits, steps: list[StepRecord]) -> None:
    first = _FirstToken(begun, shown, steps)
    question = _question(begun, limits)
    opening = asyncio.get_running_loop().call_later(OPENING_SECONDS, _open, shown)
    with providers.entered(_entry(begun)):
        work = asyncio.create_task(respond(question, writer=first, record=steps.append))
    watch = asyncio.create_task(_watch(begun, shown, owner))
    try:
        await asyncio.wait({work, watch}, timeout=limits.total, return_when=asyncio.FIRST_COMPLETED)
        verdict = "done" if work.done() else watch.result() if watch.done() else "timeout"
    finally:
        opening.cancel()
        for task in (work, watch):
            task.cancel()
        await asyncio.wait({work, watch})
    if verdict == "done":
        reply = work.result()
    elif verdict == "timeout" and limits.on_timeout == "fail":
        await _fail(begun, shown, owner, steps, "timeout")
        return
    elif verdict == "lost":
        raise finishing.LeaseLost
    else:
        degraded = "llm_timeout" if verdict == "timeout" else None
        reply = stopping.what_was_said(question, first.known, shown.written, degraded=degraded)
        if verdict == "timeout" and not shown.written:
            reply = fallback(question)
    await _commit(begun, shown, owner, _as_written(reply, shown), steps, first, stopped=verdict == "stop")


def _as_written(reply: Reply, shown: Live) -> Reply:
    """Return the reply as its followers have begun to read it: what was written is never taken back."""
    if reply.text.startswith(shown.written):
        return reply
    log.error("turn %s: the reply does not go on from what was written", shown.turn_id)
    return stopping.cut(reply, shown.written)


async def _commit(
    begun: Begun,
    shown: Live,
    owner: str,
    reply: Reply,
    steps: list[StepRecord],
    first: "_FirstToken",
    *,
    stopped: bool,
) -> None:
    turn = await in_thread(
        finishing.commit,
        begun=begun,
        reply=reply,
        steps=steps,
        owner=owner,
        first_token_ms=first.after_ms,
        stopped=stopped,
        now=timezone.now(),
    )
    finished = Finished(turn.response)
    if turn.outcome == Turn.Outcome.TAKEN_OVER:
        shown.end(finished, "error", live.error_data("taken_over"))
        return
    data = turn.response["data"]
    shown.know(
        intent=data["intent"],
        sources=data["sources"],
        citations=data["citations"],
        escalate=data["escalate_to_human"],
        cached=data["cached"],
    )
    if not first.shared and begun.turn.entry == "stream":
        first.share()
    await shown.rest(reply.text)
    shown.end(finished, "done", live.done_data(turn))


async def _fail(begun: Begun, shown: Live, owner: str, steps: list[StepRecord], code: str) -> None:
    try:
        await in_thread(finishing.fail, begun=begun, owner=owner, steps=steps, error=code, now=timezone.now())
    except DatabaseError:
        log.warning("turn %s could not be marked as failed; its lease will end", shown.turn_id)
    shown.end(Finished({}, code), "error", live.error_data(code))


def _end_silently(begun: Begun, shown: Live) -> None:
    shown.know(status="human", **{key: begun.turn.response["data"][key] for key in ("intent",)})
    shown.end(Finished(begun.turn.response), "done", live.done_data(begun.turn))


def _entry(begun: Begun) -> providers.Entry:
    """Return the door that the model calls of a turn are traced under: a stream is one trace, with the turn's id."""
    session_id = begun.conversation.public_id
    if begun.turn.entry not in _STREAMED:
        return providers.Entry(session_id=session_id)
    return providers.Entry(session_id=session_id, name="stream_chat", trace_id=begun.turn.trace_id)


def _open(shown: Live) -> None:
    if shown.finished is None:
        shown.open()


def _question(begun: Begun, limits: Limits) -> Question:
    conversation, message = begun.conversation, begun.message
    chat = tenant_settings.get(ChatSettings)
    chosen = begun.turn.language or conversation.language
    return Question(
        text=message.content,
        session_id=conversation.public_id,
        ref=begun.turn.public_id,
        at=begun.turn.created_at,
        tz=zones.merchants_zone(),
        language=language_of(message.content, begun.window, chosen=chosen),
        policy=sections.policy(),
        own_refusal=chat.refusal,
        own_greeting=chat.greeting,
        params=begun.params,
        window=begun.window,
        scenes=begun.scenes,
        given=begun.given,
        slots=conversation.slots,
        scene_id=conversation.scene_id,
        asked_slot=conversation.asked_slot,
        asks=conversation.asks,
        failed_attempts=conversation.failed_attempts,
        user_id=conversation.user_id if conversation.user_verified else "",
        contact_id=conversation.user_id,
        member_level=conversation.member_level,
        turn_count=begun.turn.number,
        # The commit and the way back need a moment of their own.
        seconds=limits.total - 1.0,
    )


class _FirstToken:
    """The writer of a running turn: notes when the first piece came, and lets other processes read along."""

    def __init__(self, begun: Begun, shown: Live, steps: list[StepRecord]) -> None:
        self._begun, self._shown, self._steps = begun, shown, steps
        self.after_ms: int | None = None
        self.shared = False
        self.known: dict[str, Any] = {}
        self._cited: list[Any] = []

    def know(self, **known: Any) -> None:
        """Remember what the opening event is to say."""
        citation = known.pop("citation", None)
        if citation is not None:
            self._cited.append(citation)
            known |= {"sources": list(self._cited), "citations": list(self._cited)}
            known["citations_so_far"] = list(self._cited)
        self.known.update(known)
        self._shown.know(**{key: value for key, value in known.items() if key in _MEANT_FOR_META})

    async def text(self, piece: str) -> None:
        """Write the next piece of the reply."""
        if self.after_ms is None and piece:
            now = timezone.now()
            started = self._begun.turn.started_at or self._begun.turn.created_at
            self.after_ms = int((now - self._begun.turn.created_at).total_seconds() * 1000)
            took = (now - started).total_seconds() * 1000
            self._steps.append(
                StepRecord("stream_first_token", started, round(took), "success", "", f"{took:.0f} ms", {})
            )
            self.share()
        await self._shown.text(piece)

    def share(self) -> None:
        """Copy the turn's events to where other processes can read them."""
        self.shared = True
        _keep(drafts.publish(self._shown))


_MEANT_FOR_META = frozenset({"intent", "sources", "citations", "escalate", "cached"})


async def _watch(begun: Begun, shown: Live, owner: str) -> ordering.Verdict:
    """Renew the lease while the turn runs, and return why it must end early."""
    async with doorbell.listening(shown.group, near_only=True) as bell:
        while True:
            await bell.wait(HEARTBEAT_SECONDS)
            verdict = await in_thread(
                ordering.renew,
                turn_pk=begun.turn.pk,
                owner=owner,
                draft=shown.written,
                now=timezone.now(),
            )
            if verdict != "go_on":
                return verdict
