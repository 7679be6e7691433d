"""Recognising an intent with a chat model: what is asked, how its answer is read, and what the rules keep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conversations.services.dialogue.intents.shapes import INTENTS, Recognised
from conversations.services.dialogue.prompts import Message, Prompt, as_data, read_object, written
from conversations.services.dialogue.slots.scenes import Scene
from conversations.services.dialogue.window import Window

_NAME, _VERSION = "recognize_intent", 1
_SYSTEM = written(_NAME, _VERSION)


def intent_prompt(text: str, window: Window, *, scenes: Sequence[Scene] = ()) -> Prompt:
    """Return the request `recognize_intent_v1` for a chat model; its answer goes to `read_intent`."""
    names = [scene.name for scene in scenes if scene.enabled]
    examples = "\n".join(
        f"- {scene.name}: {'; '.join(scene.trigger_examples[:3])}" for scene in scenes if scene.enabled
    )
    system = f"{_SYSTEM}\nScenes:\n{examples}" if names else f"{_SYSTEM}\nThere are no scenes."
    messages: tuple[Message, ...] = (
        {"role": "system", "content": system},
        {"role": "user", "content": as_data(text, window)},
    )
    return Prompt(_NAME, _VERSION, messages, _schema(names))


def read_intent(answer: str | Mapping[str, Any], *, scenes: Sequence[Scene] = ()) -> Recognised | None:
    """Return the model's judgement, or None when it is not what was asked for: the rules then stand in."""
    enabled = {scene.name: scene.scene_id for scene in scenes if scene.enabled}
    read = read_object(answer, _schema(list(enabled)))
    if read is None:
        return None
    return Recognised(
        read["intent"],
        float(read["confidence"]),
        enabled.get(read["scene"]) if read["scene"] else None,
        ("model",),
        urgent=read["urgent"],
        dissatisfied=read["dissatisfied"],
    )


def settle(rules: Recognised, model: Recognised | None) -> Recognised:
    """Return what holds: the model's judgement, but for what must not depend on one.

    Attempts on the bot and clear requests for a person stay as the rules see them, a refused person is never fetched,
    and what the contact demands (urgency, dissatisfaction) is kept when either sees it.
    """
    if model is None or rules.intent in ("blocked", "transfer_to_human") or rules.small_talk:
        return rules
    if model.intent == "chitchat":
        return rules if rules.intent != "knowledge_qa" else replace(model, small_talk="acknowledged")
    # A model that calls it a knowledge question and yet names a scene has slipped: knowledge opens no scene.
    named = None if model.intent == "knowledge_qa" else model.scene_id
    return replace(
        model,
        scene_id=named or (rules.scene_id if model.intent == rules.intent else None),
        urgent=model.urgent or rules.urgent,
        dissatisfied=model.dissatisfied or rules.dissatisfied,
    )


def _schema(scene_names: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["intent", "confidence", "urgent", "dissatisfied", "scene"],
        "properties": {
            "intent": {"type": "string", "enum": list(INTENTS)},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "urgent": {"type": "boolean"},
            "dissatisfied": {"type": "boolean"},
            "scene": {"enum": [*scene_names, None]},
        },
    }
