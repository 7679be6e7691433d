"""Asking the merchant's business system on behalf of an agent, with what the conversation knows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from conversations.models import Conversation
from conversations.services import scenes, zones
from conversations.services.dialogue import intents, slots
from conversations.services.dialogue.business import call_once
from kimono.lib.cleaning import detect_language
from kimono.lib.threads import in_thread
from knowledge.services.connectors import NeedsApproval, Subject, ToolError

Fault = Literal[
    "no_matching_tool",
    "missing_slots",
    "not_found",
    "unknown_tool",
    "invalid_params",
    "timeout",
    "unavailable",
]


@dataclass(frozen=True)
class Looked:
    """What came of it. `reply` can be sent to the contact: the answer, or the question for what is missing."""

    scene: str | None = None
    tool: str | None = None
    reply: str | None = None
    data: dict[str, Any] | None = None
    error: Fault | None = None
    needs_approval: bool = False
    masked_fields: tuple[str, ...] = field(default=())


async def look_up(*, conversation: Conversation, query: str, now: datetime) -> Looked:
    """Return what the business system says to a question. Never raises for what it answers, or does not.

    A change of the merchant's data is not made, only described.
    """
    offered = [scene for scene in await in_thread(scenes.offered) if scene.then.startswith("tool:")]
    scene = _meant(query, conversation, offered)
    if scene is None:
        return Looked(error="no_matching_tool")
    named, tool = scene.scene_id.partition(":")[2] or scene.name, scene.then.rpartition(".")[2]
    state = _values(scene, conversation, query, now)
    if state.missing:
        return Looked(named, tool, state.follow_up_question, error="missing_slots")
    values = {name: state.slots[name] for name in scene.slots if name in state.slots}
    subject = Subject(
        user_id=(conversation.user_id or None) if conversation.user_verified else None,
        language=detect_language(query),
    )
    result = await call_once(scene.then, values, subject=subject)
    if isinstance(result, ToolError):
        return Looked(named, tool, error=result.code)
    if isinstance(result, NeedsApproval):
        return Looked(named, tool, result.summary, dict(result.params), needs_approval=True)
    fault: Fault | None = "not_found" if result.status == "not_found" else None
    return Looked(
        named, tool, result.reply, dict(result.data) or None, fault, masked_fields=result.masked_fields
    )


def _meant(query: str, conversation: Conversation, offered: list[slots.Scene]) -> slots.Scene | None:
    """Return the scene that a question opens, else the one that the conversation is in."""
    opened = intents.recognise(query, scenes=offered).scene_id
    for scene_id in (opened, conversation.scene_id):
        for scene in offered:
            if scene_id and scene.scene_id == scene_id:
                return scene
    return None


def _values(scene: slots.Scene, conversation: Conversation, query: str, now: datetime) -> slots.SlotState:
    tz = zones.merchants_zone()
    known, _ = slots.accept(
        scene,
        {name: value for name, value in conversation.slots.items() if name in scene.slots},
        now=now,
        tz=tz,
    )
    return slots.fill(scene, known, query, last_asked=None, now=now, tz=tz, language=detect_language(query))
