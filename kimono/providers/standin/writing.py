"""How an answer goes over the wire: whole, or cut into pieces of about a token."""

import re
from collections.abc import Mapping

_PIECE = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]{1,2}|\s*[A-Za-z0-9]+|\s*[^\sA-Za-z0-9\u3040-\u30ff\u3400-\u9fff]|\s+"
)

CREATED = 1_700_000_000


def pieces(text: str) -> list[str]:
    """Cut a text into pieces that join to it again."""
    return _PIECE.findall(text)


def completion(
    number: int, model: str, text: str, *, finish_reason: str | None, usage: Mapping[str, int] | None
) -> dict[str, object]:
    """Return the body of a whole answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return _envelope(number, model, "chat.completion", [choice]) | ({"usage": dict(usage)} if usage else {})


def chunk(
    number: int, model: str, delta: Mapping[str, str], finish_reason: str | None = None
) -> dict[str, object]:
    """Return one chunk of a stream."""
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish_reason}
    return _envelope(number, model, "chat.completion.chunk", [choice])


def usage_chunk(number: int, model: str, usage: Mapping[str, int]) -> dict[str, object]:
    """Return the chunk that carries the usage, and no choices."""
    return _envelope(number, model, "chat.completion.chunk", []) | {"usage": dict(usage)}


def empty(number: int, model: str, kind: str) -> dict[str, object]:
    """Return an answer without any choice."""
    return _envelope(number, model, kind, [])


def embeddings(model: str, vectors: list[list[float]], tokens: int) -> dict[str, object]:
    """Return the body that answers a request for embeddings."""
    rows = [
        {"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)
    ]
    return {
        "object": "list",
        "model": model,
        "data": rows,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def error(message: str, kind: str, code: str | None = None) -> dict[str, object]:
    """Return an error as the protocol writes it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _envelope(number: int, model: str, kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": CREATED,
        "model": model,
        "choices": choices,
    }
