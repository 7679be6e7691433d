"""A conversation in the shapes of the older clients (api.md 18): the same things with fewer keys."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from conversations.models import Message
from conversations.services import conversations, payloads
from conversations.services.conversations import Reader
from knowledge.services import visibility

MOST_MESSAGES = 500


def answer(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ChatResponse as `{answer, conversation_id, message_id, sources, …}` (AL-01)."""
    data = response["data"]
    return {
        "answer": response["reply"],
        "conversation_id": response["session_id"],
        "message_id": response["message_id"],
        "sources": _sources(data["sources"]),
        **{name: data[name] for name in ("model_used", "language", "confidence", "latency_ms")},
    }


def history(*, public_id: str, reader: Reader, turns: int) -> dict[str, Any]:
    """Return the messages of the last `turns` questions and what followed each, ascending (AL-02). Raises `Missing`."""
    conversation = conversations.get(public_id=public_id, reader=reader)
    rows = Message.objects.filter(conversation=conversation)
    asked = rows.filter(author=Message.Author.VISITOR).order_by("-seq").values_list("seq", flat=True)
    first = next(iter(asked[turns - 1 : turns]), 0)
    latest = reversed(rows.filter(seq__gte=first).order_by("-seq")[:MOST_MESSAGES])
    messages = [payloads.message(row, session_id=public_id) for row in latest]
    return {"conversation_id": public_id, "messages": messages, "count": len(messages)}


def _sources(sources: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    cited = [source["qa_id"] for source in sources if source["qa_id"]]
    live = visibility.live_pairs(timezone.now()).filter(public_id__in=cited) if cited else ()
    pairs = {pair.public_id: pair for pair in live}
    return [_source(source, pairs.get(source["qa_id"] or "")) for source in sources]


def _source(source: Mapping[str, Any], pair: Any) -> dict[str, Any]:
    return {
        "question": source["source"] if source["kind"] == "qa" else source["title"] or source["source"],
        "answer": pair.answer if pair is not None else source["quote"],
        "score": source["score"],
        "category": pair.category if pair is not None else "",
    }
