"""The escalation card: what an agent reads before taking over."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.services.dialogue import summaries
from conversations.services.dialogue.phrases import Language
from conversations.services.dialogue.window import Line


def card(
    *,
    history: Sequence[Line],
    session_id: str,
    user_id: str,
    member_level: str,
    turn_count: int,
    rule: str,
    escalate_reason: str,
    priority: str,
    slots: Mapping[str, Any],
    language: Language,
    at: str,
) -> dict[str, Any]:
    """Return the escalation card that an agent reads, under both names of the summary."""
    summary = summaries.summarise(history, slots, language=language)
    return {
        "session_id": session_id,
        "user_id": user_id or None,
        "member_level": member_level or "normal",
        "history_ticket_count": 0,
        "turn_count": turn_count,
        "summary": summary,
        "conversation_summary": summary,
        "attempted_solutions": summaries.attempted_solutions(history),
        "escalate_reason": escalate_reason,
        "rule": rule,
        "priority": priority,
        "slots": dict(slots),
        "created_at": at,
    }
