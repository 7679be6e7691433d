"""What rewriting a message gives."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["self_contained", "what_about", "pronoun", "no_topic", "no_context", "model"]


@dataclass(frozen=True)
class Rewritten:
    """The question to search for, whether it differs from what was written, and why."""

    text: str
    changed: bool
    reason: Reason
