"""One message with all that the dialogue may go by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from conversations.services.dialogue.escalation import Policy
from conversations.services.dialogue.phrases import Language, say
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.window import Line
from kimono.lib.cleaning import detect_language
from knowledge.services.tuning import Params


@dataclass(frozen=True)
class Question:
    """A contact's message, the state of its conversation, and the merchant's rules.

    `tz` is the clock that "tomorrow" is meant on: the merchant's. `given` are slot values that came with the message;
    `slots`, `scene_id`, `asked_slot` and `asks` are where clarification stands; `user_id` is the merchant's own id
    only when somebody vouches for it. `seconds` is the time there is.
    """

    text: str
    session_id: str
    ref: str
    at: datetime
    tz: ZoneInfo
    language: Language
    policy: Policy
    own_refusal: str
    own_greeting: str
    params: Params
    window: tuple[Line, ...] = ()
    scenes: tuple[Scene, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    scene_id: str = ""
    asked_slot: str = ""
    asks: int = 0
    failed_attempts: int = 0
    user_id: str = ""
    contact_id: str = ""
    member_level: str = ""
    turn_count: int = 1
    seconds: float = 20.0

    @property
    def open_scene(self) -> Scene | None:
        """Return the scene whose values are being asked for."""
        return next((scene for scene in self.scenes if scene.scene_id == self.scene_id), None)

    @property
    def refusal(self) -> str:
        """Return what is said when the knowledge holds no answer: the merchant's words, if in this language."""
        return self._own(self.own_refusal) or say("refusal", self.language)

    @property
    def greeting(self) -> str:
        """Return how a contact is greeted: in the merchant's words, if in this language."""
        return self._own(self.own_greeting) or say("greeting", self.language)

    def _own(self, words: str) -> str | None:
        return words if detect_language(words) == self.language else None
