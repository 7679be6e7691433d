"""The part of a conversation that a turn may look back on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["contact", "bot", "agent"]
# What a bot's line was: an answer counts as tried, a question does not.
LineKind = Literal["message", "answer", "ask", "refusal", "small_talk", "transfer"]


@dataclass(frozen=True)
class Line:
    """One message of the conversation, oldest first in a window."""

    role: Role
    text: str
    kind: LineKind = "message"


Window = Sequence[Line]


def contact_texts(window: Window) -> list[str]:
    """Return what the contact has said, oldest first."""
    return [line.text for line in window if line.role == "contact"]


def last_bot_line(window: Window) -> Line | None:
    """Return the bot's last line, or None when it has not spoken."""
    return next((line for line in reversed(window) if line.role == "bot"), None)
