"""Shapes of scenes (api.md 9)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import BeforeValidator, StringConstraints

from conversations.models import Scene
from conversations.schemas.fields import Json, Said, Short
from conversations.services.payloads import moment
from kimono.lib.cleaning import clean

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


def _trimmed(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(min_length=1, max_length=100), BeforeValidator(_trimmed)]
Example = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_trimmed)]
Then = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_trimmed)]


class ScenePatch(Schema):
    """SC-04: any of a scene's fields."""

    # A factory's value is in no description of the API: what is not sent stays as it is, and null is no value.
    name: Name = Field(default_factory=str)
    intent: Intent = Field(default_factory=lambda: "business_query")
    trigger_examples: list[Example] = Field(default_factory=list, max_length=100)
    enabled: bool = Field(default_factory=lambda: True)
    slot_schema: Json = Field(default_factory=dict, alias="schema")
    max_asks: int = Field(default_factory=lambda: 3, ge=1, le=5)
    then: Then = Field(default_factory=lambda: "retrieve")

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, by their names on the wire; what was not sent has no value here."""
        return self.dict(exclude_unset=True, by_alias=True)


class SceneIn(ScenePatch):
    """SC-02."""

    name: Name
    slot_schema: Json = Field(alias="schema")


class SceneOut(Schema):
    """A scene."""

    scene_id: str
    name: str
    intent: str
    trigger_examples: list[str]
    enabled: bool
    slot_schema: dict[str, Any] = Field(alias="schema")
    max_asks: int
    then: str
    created_at: datetime
    updated_at: datetime


class SceneTest(Schema):
    """SC-06."""

    message: Said
    scene_id: Short | None = None
    slots: Json | None = None


class SceneTried(Schema):
    """What a message would do."""

    scene: dict[str, Any] | None
    slots: dict[str, Any]
    missing_slots: list[str]
    follow_up_question: str | None


def show_scene(scene: Scene) -> dict[str, Any]:
    """Return a scene on the wire."""
    return {
        "scene_id": scene.public_id,
        "name": scene.name,
        "intent": scene.intent,
        "trigger_examples": scene.trigger_examples,
        "enabled": scene.enabled,
        "schema": scene.schema,
        "max_asks": scene.max_asks,
        "then": scene.then,
        "created_at": moment(scene.created_at),
        "updated_at": moment(scene.updated_at),
    }
