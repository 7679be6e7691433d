"""Conversations for machines: JSON in the shapes of the API, CSV for spreadsheets."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conversations.models import Conversation, Message
from conversations.services import payloads
from kimono.lib import tables

COLUMNS = ("seq", "created_at", "author", "agent_name", "content", "citations")
# What the shapes of the API carry for those who work with them, and what is no part of a contact's own record.
_INTERNAL = {
    "failed_attempts", "epoch", "priority", "tags", "group_id", "metadata", "assigned_agent_id", "agent_id", "turn_count",
    "score", "scores", "chunk_id",
}  # fmt: skip

Show = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def json_of(row: Conversation, messages: Sequence[Message], *, show: Show, for_contact: bool) -> bytes:
    """Return `{"session", "messages"}`; a contact's own has no scores and nothing of how its case was handled."""
    whole: Any = {
        "session": payloads.session(row),
        "messages": [show(payloads.message(each, session_id=row.public_id)) for each in messages],
    }
    if for_contact:
        whole = _without_internals(whole)
    return json.dumps(whole, ensure_ascii=False, indent=2).encode()


def csv_of(messages: Sequence[Message]) -> bytes:
    """Return one line for each message, formulas made harmless; citations are `[n] title, page` as text."""
    rows = (
        (
            each.seq,
            payloads.moment(each.created_at),
            each.author,
            each.agent_name,
            each.content,
            "\n".join(_cited(citation) for citation in each.citations),
        )
        for each in messages
    )
    return tables.write(COLUMNS, rows, format="csv")


def _cited(citation: Mapping[str, Any]) -> str:
    parts = [
        citation.get("title") or citation.get("source"),
        citation.get("section"),
        f"p. {citation['page']}" if citation.get("page") else None,
        citation.get("quote"),
    ]
    return f"[{citation['n']}] " + " – ".join(str(part) for part in parts if part)


def _without_internals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_internals(inner) for key, inner in value.items() if key not in _INTERNAL}
    return [_without_internals(inner) for inner in value] if isinstance(value, list) else value
