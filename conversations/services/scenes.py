"""A merchant's scenes: what it needs to know before a kind of question can be dealt with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from conversations.models import Scene
from conversations.services import zones
from conversations.services.dialogue import slots
from conversations.services.sections import BusinessSettings
from kimono.lib.cleaning import detect_language
from kimono.lib.errors import Conflict, Invalid, Missing
from kimono.lib.ids import new_id
from knowledge.services import connectors
from tenants.services import auditing, tenant_settings
from tenants.services.auditing import Actor

MOST = 50
FIELDS = ("name", "intent", "trigger_examples", "enabled", "schema", "max_asks", "then")
_THEN = re.compile(r"retrieve|handoff|tool:[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,100}")


class NameTaken(Conflict):
    """Another scene has this name."""

    code = "duplicate_name"
    detail = "A scene of this name exists."


@dataclass(frozen=True)
class Tried:
    """What a message would do (SC-06); nothing is stored."""

    scene: Scene | None
    slots: Mapping[str, Any]
    missing_slots: tuple[str, ...]
    follow_up_question: str | None


def listed() -> QuerySet[Scene]:
    """Return the scenes, newest first."""
    return Scene.objects.order_by("-created_at", "-id")


def get(*, scene_id: str) -> Scene:
    """Return a scene. Raises `Missing`."""
    scene = Scene.objects.filter(public_id=scene_id).first() if "\x00" not in scene_id else None
    if scene is None:
        raise Missing
    return scene


def create(*, given: Mapping[str, Any], by: Actor) -> Scene:
    """Make a scene of the wire's fields. Raises `SchemaRefused`, `NameTaken`, `Conflict` (`limit_reached`)."""
    _check(given)
    scene = Scene(public_id=new_id("scn"), **{key: given[key] for key in FIELDS if key in given})
    with transaction.atomic():
        if Scene.objects.count() >= MOST:
            raise Conflict("No more scenes can be made.", code="limit_reached")
        _save(scene)
        auditing.record(action="create_scene", by=by, target_type="scene", target_id=scene.public_id)
    return scene


def update(*, scene_id: str, given: Mapping[str, Any], by: Actor) -> Scene:
    """Change some fields of a scene. Raises as `create`, and `Missing`, in the contract's order."""
    _check(given)
    with transaction.atomic():
        scene = Scene.objects.select_for_update(no_key=True).filter(public_id=scene_id).first()
        if scene is None:
            raise Missing
        for key in FIELDS:
            if key in given:
                setattr(scene, key, given[key])
        _save(scene)
        auditing.record(
            action="update_scene",
            by=by,
            target_type="scene",
            target_id=scene.public_id,
            details={"fields": sorted(given)},
        )
    return scene


def delete(*, scene_id: str, by: Actor) -> None:
    """Delete a scene; conversations that are in it go on without. Raises `Missing`."""
    with transaction.atomic():
        scene = get(scene_id=scene_id)
        scene.delete()
        auditing.record(action="delete_scene", by=by, target_type="scene", target_id=scene_id)


def _check(given: Mapping[str, Any]) -> None:
    if "schema" in given:
        slots.validate_schema(given["schema"])
    if "then" in given and not _THEN.fullmatch(given["then"]):
        raise Invalid("retrieve, handoff or tool:<connector>.<tool>", loc=["body", "then"])


def _save(scene: Scene) -> None:
    try:
        with transaction.atomic():
            scene.save()
    except IntegrityError:
        raise NameTaken from None


def as_rules(scene: Scene) -> slots.Scene:
    """Return a stored scene as the dialogue reads it."""
    return slots.Scene(
        scene_id=scene.public_id,
        name=scene.name,
        schema=scene.schema,
        intent=scene.intent,
        trigger_examples=tuple(scene.trigger_examples),
        max_asks=scene.max_asks,
        then=scene.then,
        enabled=scene.enabled,
    )


def offered() -> tuple[slots.Scene, ...]:
    """Return the scenes that a contact may come into: the merchant's own, then those of its business system.

    Without a business system, no scene that ends with one of its tools is offered.
    """
    adapter = tenant_settings.get(BusinessSettings).adapter
    rows = Scene.objects.filter(enabled=True).order_by("id")
    own = tuple(as_rules(row) for row in rows if _has_its_tool(row.then, adapter))
    if adapter != "demo":
        return own
    taken = {scene.then for scene in own}
    return own + tuple(each for each in _brought_along(adapter) if each.then not in taken)


def _has_its_tool(then: str, adapter: str) -> bool:
    if not then.startswith("tool:"):
        return True
    return then.startswith("tool:demo.") if adapter == "demo" else adapter == "connectors"


def _brought_along(adapter: str) -> list[slots.Scene]:
    connector = connectors.connect(adapter)
    return [
        slots.Scene(
            scene_id=f"{connector.name}:{template.name}",
            name=template.title,
            schema=template.schema,
            intent=template.intent,
            trigger_examples=tuple(template.trigger_examples),
            max_asks=template.max_asks,
            then=f"tool:{connector.name}.{template.tool}",
        )
        for template in connector.scenes()
    ]


def try_message(*, message: str, scene_id: str | None, given: Mapping[str, Any], now: datetime) -> Tried:
    """Return what a message would do in a scene, or in the one it opens; nothing is stored. Raises `Missing`."""
    scene = get(scene_id=scene_id) if scene_id is not None else _opened_by(message)
    if scene is None:
        return Tried(None, dict(given), (), None)
    rules, tz = as_rules(scene), zones.merchants_zone()
    accepted, _ = slots.accept(rules, given, now=now, tz=tz)
    state = slots.fill(
        rules, accepted, message, last_asked=None, now=now, tz=tz, language=detect_language(message)
    )
    return Tried(scene, state.slots, state.missing, state.follow_up_question)


def _opened_by(message: str) -> Scene | None:
    rows = {row.public_id: row for row in Scene.objects.filter(enabled=True)}
    matched = slots.match_scene(message, [as_rules(row) for row in rows.values()])
    return rows[matched.scene_id] if matched is not None else None
