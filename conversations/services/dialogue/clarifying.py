"""Gathering what a scene needs to know before a question can be dealt with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Recorder
from conversations.services.dialogue.slots import Scene, SlotState, accept, fill, match_scene
from conversations.services.dialogue.window import contact_texts
from knowledge.services.steps import timed

_PLAIN = (str, int, float, bool)
_LONGEST_VALUE = 200
_MOST_VALUES = 50


@dataclass(frozen=True)
class Clarified:
    """A scene after a message: what it knows, and what it comes to once it is complete."""

    scene: Scene
    state: SlotState

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the values of this scene's own slots."""
        return {name: self.state.slots[name] for name in self.scene.slots if name in self.state.slots}


def known_values(question: Question) -> dict[str, Any]:
    """Return the values gathered so far with those that came with the message over them."""
    given = {
        str(name)[:64]: value[:_LONGEST_VALUE] if isinstance(value, str) else value
        for name, value in question.given.items()
        if isinstance(value, _PLAIN)
    }
    return dict(list({**question.slots, **given}.items())[-_MOST_VALUES:])


def clarify(question: Question, scene: Scene, *, record: Recorder) -> Clarified:
    """Return where the scene stands after the message; records the step."""
    tz = question.tz
    goes_on = scene.scene_id == question.scene_id
    with timed("slot_check", record, input_summary=question.text) as note:
        known = known_values(question)
        offered = {name: known.pop(name) for name in scene.slots if name in known}
        accepted, _ = accept(scene, offered, now=question.at, tz=tz)
        state = fill(
            scene,
            {**known, **accepted},
            question.text,
            last_asked=question.asked_slot or None if goes_on else None,
            now=question.at,
            tz=tz,
            asks=question.asks if goes_on else 0,
            language=question.language,
        )
        note.output_summary = f"missing: {', '.join(state.missing) or 'nothing'}"
        note.detail.update(
            scene=scene.name,
            scene_id=scene.scene_id,
            gained=list(state.gained),
            missing=list(state.missing),
            asked=state.asked,
        )
    return Clarified(scene, state)


def full_question(question: Question, clarified: Clarified) -> str:
    """Return what is to be searched for once the values are known: what opened the scene, and the values."""
    scene = clarified.scene
    texts = [*contact_texts(question.window), question.text]
    opening = next((text for text in reversed(texts) if match_scene(text, [scene]) is scene), scene.name)
    missing = [str(value) for value in clarified.values.values() if str(value) not in opening]
    return " ".join([opening, *missing])
