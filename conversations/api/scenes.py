"""Doors of scenes: SC-01…06."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from conversations.schemas import scenes as schemas
from conversations.schemas.scenes import show_scene
from conversations.services import scenes
from tenants.auth import Guard, actor_of
from tenants.paging import Page, Paged, paged

router = Router(tags=["scenes"])
KNOWLEDGE = Guard("knowledge")


@router.get("/scenes", response=Paged[schemas.SceneOut], auth=KNOWLEDGE, operation_id="SC-01", by_alias=True)
def list_scenes(request: HttpRequest, query: Query[Page]) -> dict[str, Any]:
    """List scenes."""
    return paged(scenes.listed(), query, show_scene)


@router.post("/scenes", response={201: schemas.SceneOut}, auth=KNOWLEDGE, operation_id="SC-02", by_alias=True)
def create_scene(request: HttpRequest, data: schemas.SceneIn) -> Status[dict[str, Any]]:
    """Make a scene."""
    return Status(201, show_scene(scenes.create(given=data.given(), by=actor_of(request))))


@router.post(
    "/scenes/test", response=schemas.SceneTried, auth=Guard("knowledge", reads=True), operation_id="SC-06"
)
def try_scene(request: HttpRequest, data: schemas.SceneTest) -> dict[str, Any]:
    """Show what a message would do; nothing is stored."""
    tried = scenes.try_message(
        message=data.message, scene_id=data.scene_id, given=data.slots or {}, now=timezone.now()
    )
    return {
        "scene": show_scene(tried.scene) if tried.scene is not None else None,
        "slots": dict(tried.slots),
        "missing_slots": list(tried.missing_slots),
        "follow_up_question": tried.follow_up_question,
    }


@router.get(
    "/scenes/{scene_id}", response=schemas.SceneOut, auth=KNOWLEDGE, operation_id="SC-03", by_alias=True
)
def get_scene(request: HttpRequest, scene_id: str) -> dict[str, Any]:
    """Return a scene."""
    return show_scene(scenes.get(scene_id=scene_id))


@router.put(
    "/scenes/{scene_id}", response=schemas.SceneOut, auth=KNOWLEDGE, operation_id="SC-04", by_alias=True
)
def update_scene(request: HttpRequest, scene_id: str, data: schemas.ScenePatch) -> dict[str, Any]:
    """Change a scene."""
    return show_scene(scenes.update(scene_id=scene_id, given=data.given(), by=actor_of(request)))


@router.delete("/scenes/{scene_id}", response={204: None}, auth=KNOWLEDGE, operation_id="SC-05")
def delete_scene(request: HttpRequest, scene_id: str) -> Status[None]:
    """Delete a scene."""
    scenes.delete(scene_id=scene_id, by=actor_of(request))
    return Status(204, None)
