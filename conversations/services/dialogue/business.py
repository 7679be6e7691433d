"""Looking something up in the merchant's business system, once a scene knows what it needs."""

import asyncio
from collections.abc import Mapping
from typing import Any

from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Recorder
from kimono import providers
from kimono.lib.db import current_schema
from kimono.lib.errors import Invalid
from kimono.providers import breakers
from knowledge.services import connectors
from knowledge.services.connectors import CallResult, Subject, ToolError, ToolResult
from knowledge.services.steps import timed

ATTEMPTS = 3
CALL_SECONDS = 8.0
_PAUSE_SECONDS = 0.2


async def call(question: Question, *, then: str, values: Mapping[str, Any], record: Recorder) -> CallResult:
    """Return what the tool of `tool:<connector>.<tool>` answers; one that fails is tried again. Records the step."""
    subject = Subject(user_id=question.user_id or None, language=question.language)
    with timed("business_call", record, input_summary=then) as note:
        result: CallResult = ToolError("unavailable", "not tried")
        tried = 0
        while tried < ATTEMPTS and isinstance(result, ToolError) and result.retryable:
            if tried:
                await asyncio.sleep(_PAUSE_SECONDS * tried)
            tried += 1
            result = await call_once(then, values, subject=subject)
        name, tool = _named(then)
        note.detail.update(connector=name, tool=tool, attempts=tried, slots=sorted(values))
        if isinstance(result, ToolError):
            note.status, note.output_summary = "error", result.code
        elif isinstance(result, ToolResult):
            note.output_summary = result.status
        else:
            note.output_summary = "needs approval"
    return result


def _named(then: str) -> tuple[str, str]:
    name, _, tool = then.removeprefix("tool:").partition(".")
    return name, tool


async def call_once(then: str, values: Mapping[str, Any], *, subject: Subject) -> CallResult:
    """Return what the tool of `tool:<connector>.<tool>` answers, asked once, behind the breaker and in time."""
    name, tool = _named(then)
    try:
        with breakers.get(current_schema(), "business_api").guard() as guard:
            result = await _in_time(name, tool, values, subject)
            if isinstance(result, ToolError) and result.retryable:
                guard.failed(result.code)
            else:
                guard.succeeded()
    except providers.BreakerOpen:
        return ToolError("unavailable", "the business system failed too often of late")
    except Invalid:
        return ToolError("unknown_tool", f"there is no connector {name}")
    return result


async def _in_time(name: str, tool: str, values: Mapping[str, Any], subject: Subject) -> CallResult:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await connectors.connect(name).call(tool, values, subject=subject)
    except TimeoutError:
        return ToolError("timeout", "no answer in time")
