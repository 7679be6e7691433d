"""A message that was understood, on its way to a reply."""

from dataclasses import dataclass, field
from typing import Any

from conversations.services.dialogue.intents import Recognised
from conversations.services.dialogue.phrases import Phrase, say
from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Outcome, Recorder, Reply, Writer
from conversations.services.dialogue.window import LineKind


@dataclass(frozen=True)
class Talk:
    """A question that was understood, and where its reply goes."""

    question: Question
    recognised: Recognised
    asked: str
    emotion_score: float
    writer: Writer
    record: Recorder
    slots: dict[str, Any] = field(default_factory=dict)

    def reply(self, text: str, kind: LineKind, outcome: Outcome, **more: Any) -> Reply:
        """Return a reply that changes nothing but what `more` says."""
        question = self.question
        unchanged: dict[str, Any] = {
            "failed_attempts": question.failed_attempts,
            "slots": self.slots,
            "scene_id": question.scene_id,
            "asked_slot": question.asked_slot,
            "asks": question.asks,
        }
        return Reply(
            text=text,
            kind=kind,
            outcome=outcome,
            intent=self.recognised.intent,
            language=question.language,
            emotion_score=self.emotion_score,
            rewritten=self.asked,
            **{**unchanged, **more},
        )

    def phrase(self, phrase: Phrase, **values: str) -> str:
        """Return what the bot says in its own name, in the contact's language."""
        return say(phrase, self.question.language, **values)
