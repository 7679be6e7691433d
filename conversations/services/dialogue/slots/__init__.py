"""Scenes and their slots: what must be known before a question can be dealt with, and how it is gathered."""

from conversations.services.dialogue.slots.filling import Problem, SlotState, accept, fill
from conversations.services.dialogue.slots.matching import match_scene
from conversations.services.dialogue.slots.scenes import Scene, SchemaRefused, Slot, validate_schema

__all__ = [
    "Problem",
    "Scene",
    "SchemaRefused",
    "Slot",
    "SlotState",
    "accept",
    "fill",
    "match_scene",
    "validate_schema",
]
