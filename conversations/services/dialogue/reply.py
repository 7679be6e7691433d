"""What the dialogue has to say to one message, and what it changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from conversations.services.dialogue.intents import Intent
from conversations.services.dialogue.phrases import Language
from conversations.services.dialogue.window import LineKind
from knowledge.services.steps import OnStep

Outcome = Literal["answered", "asked", "refused", "small_talk", "transferred"]


@dataclass(frozen=True)
class Transfer:
    """A person is to take over: by which rule, how urgently, with what on the card."""

    rule: str
    reason: str
    priority: str
    card: Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """The bot's answer to one message and the conversation's state after it.

    `failed_attempts`, `slots`, `scene_id`, `asked_slot` and `asks` are the new values. `searched` says that the
    knowledge was asked, so that the question counts for it.
    """

    text: str
    kind: LineKind
    outcome: Outcome
    intent: Intent
    language: Language
    failed_attempts: int = 0
    emotion_score: float | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    scene_id: str = ""
    asked_slot: str = ""
    asks: int = 0
    missing_slots: tuple[str, ...] = ()
    follow_up_question: str | None = None
    citations: tuple[Mapping[str, Any], ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    suggestions: tuple[Mapping[str, Any], ...] = ()
    confidence: float = 0.0
    transfer: Transfer | None = None
    handoff_offered: bool = False
    degraded: str | None = None
    model_used: str | None = None
    cached: bool = False
    searched: bool = False
    knowledge_version: str | None = None
    rewritten: str = ""
    member_level: str = ""
    sub_tasks: tuple[Mapping[str, Any], ...] = ()


class Writer(Protocol):
    """Where a reply is written while it is being made."""

    def know(self, **known: Any) -> None:
        """Remember for the opening event what is known by now: intent, sources, cached."""

    async def text(self, piece: str) -> None:
        """Write the next piece of the reply; what was written is never taken back."""


# Where steps are recorded as they end.
Recorder = OnStep
