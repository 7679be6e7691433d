"""The intents of the wire contract and what recognising one gives."""

from dataclasses import dataclass
from typing import Literal, get_args

Intent = Literal[
    "knowledge_qa",
    "business_query",
    "ticket",
    "emotion_sensitive",
    "transfer_to_human",
    "chitchat",
    "unknown",
    "blocked",
]
SmallTalk = Literal["greeting", "thanks", "bye", "identity", "acknowledged", "human_kept_away"]
INTENTS: tuple[Intent, ...] = get_args(Intent)


@dataclass(frozen=True)
class Recognised:
    """What a message wants, and how sure that is.

    `scene_id` is the scene it opens or goes on with. `urgent`: it demands urgent handling. `dissatisfied`: it says
    that the last answer is no good. `small_talk` is the kind of chitchat (a key of `phrases`). `reasons` names the
    rules that spoke, the deciding one first.
    """

    intent: Intent
    confidence: float
    scene_id: str | None = None
    reasons: tuple[str, ...] = ()
    urgent: bool = False
    dissatisfied: bool = False
    small_talk: SmallTalk | None = None
