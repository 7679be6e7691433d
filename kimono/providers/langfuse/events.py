"""An attempt in the words of Langfuse's ingestion API: one event for its trace, one for itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from kimono.lib.masking import mask
from kimono.providers.shapes import CallRecord
from kimono.providers.tracing import Generation

Event = dict[str, Any]


def trace_event(generation: Generation) -> Event:
    """Return the event that makes the trace of an attempt."""
    body = {
        "id": generation.trace_id,
        "timestamp": _moment(generation.record.started_at),
        "name": generation.trace_name,
        "metadata": {"tenant": generation.scope},
    }
    if generation.session_id:
        body["sessionId"] = generation.session_id
    return _envelope(f"{generation.id}-trace", "trace-create", body)


def generation_event(generation: Generation) -> Event:
    """Return the event of an attempt, with contacts masked in all of its texts."""
    record = generation.record
    began, sent, received = record.started_at, record.tokens_input, record.tokens_output
    body: dict[str, Any] = {
        "id": generation.id,
        "traceId": generation.trace_id,
        "name": name_of(record),
        "startTime": _moment(began),
        "endTime": _moment(began + timedelta(milliseconds=record.latency_ms)),
        "model": record.model,
        "input": [
            {"role": message.role, "content": mask(message.content)} for message in generation.messages
        ],
        "output": mask(generation.output),
        "usage": {"promptTokens": sent, "completionTokens": received, "totalTokens": sent + received},
        "usageDetails": {"input": sent, "output": received, "total": sent + received},
        "level": "DEFAULT" if record.success else "WARNING" if record.cancelled else "ERROR",
        "metadata": _metadata(generation),
    }
    if record.first_token_ms is not None:
        body["completionStartTime"] = _moment(began + timedelta(milliseconds=record.first_token_ms))
    if record.error_code is not None:
        body["statusMessage"] = record.error_code
    return _envelope(f"{generation.id}-generation", "generation-create", body)


def name_of(record: CallRecord) -> str:
    """Return the prompt with its version (`recognize_intent_v1`); for a call without a prompt what it was for."""
    parts = (
        (record.prompt_name, record.prompt_version)
        if record.prompt_name
        else (record.operation, record.purpose)
    )
    return "_".join(part for part in parts if part)


def _metadata(generation: Generation) -> dict[str, object]:
    record = generation.record
    return {
        "tenant": generation.scope,
        "ref": record.ref,
        "purpose": record.purpose,
        "operation": record.operation,
        "provider": record.provider,
        "prompt_name": record.prompt_name,
        "prompt_version": record.prompt_version,
        "latency_ms": record.latency_ms,
        "first_token_ms": record.first_token_ms,
        "tokens_estimated": record.tokens_estimated,
        "cancelled": record.cancelled,
    }


def _envelope(key: str, kind: str, body: Event) -> Event:
    return {"id": key, "type": kind, "timestamp": _moment(datetime.now(UTC)), "body": body}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
