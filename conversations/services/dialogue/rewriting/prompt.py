"""Rewriting a follow-up with a chat model: what is asked and how its answer is read."""

from collections.abc import Mapping
from typing import Any

from conversations.services.dialogue.prompts import Message, Prompt, as_data, read_object, written
from conversations.services.dialogue.rewriting.shapes import Rewritten
from conversations.services.dialogue.window import Window

_NAME, _VERSION = "query_rewrite", 1
_SYSTEM = written(_NAME, _VERSION)
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["query"],
    "properties": {"query": {"type": "string", "minLength": 1, "maxLength": 500}},
}


def rewrite_prompt(text: str, window: Window) -> Prompt:
    """Return the request `query_rewrite_v1` for a chat model; its answer goes to `read_rewritten`."""
    messages: tuple[Message, ...] = (
        {"role": "system", "content": _SYSTEM},
        {"role": "user", "content": as_data(text, window)},
    )
    return Prompt(_NAME, _VERSION, messages, _SCHEMA)


def read_rewritten(answer: str | Mapping[str, Any], text: str) -> Rewritten | None:
    """Return the model's version of `text`, or None when it is not what was asked for: the rules then stand in."""
    read = read_object(answer, _SCHEMA)
    if read is None or not str(read["query"]).strip():
        return None
    query = str(read["query"]).strip()
    if query[0] in "{[<" or "\n" in query:
        # The request itself, or part of it, instead of a question.
        return None
    return Rewritten(query, query != text, "model" if query != text else "self_contained")
