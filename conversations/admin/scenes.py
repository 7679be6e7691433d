"""Scenes: what the merchant needs to know before a kind of question can be dealt with."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from conversations.forms import INTENTS, SceneForm
from conversations.models import Scene
from conversations.services import scenes
from tenants.admin import ServiceAdmin, actor_of_admin, shortened, tenant_site


class SceneAdmin(ServiceAdmin):
    """Scenes; every write goes through the services."""

    form = SceneForm
    list_display = ("name", "meant", "examples", "max_asks", "next_step", "used", "updated_at")
    list_filter = ("enabled",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "intent", "trigger_examples")}),
        (_("Values"), {"fields": ("schema", "max_asks")}),
        (_("Then"), {"fields": ("then",)}),
    )

    @display(description=_("Intent"), ordering="intent")
    def meant(self, scene: Scene) -> str:
        """Return the intent in people's words."""
        return str(INTENTS.get(scene.intent, scene.intent))

    @display(description=_("Then"), ordering="then")
    def next_step(self, scene: Scene) -> str:
        """Return what happens when the values are known, in people's words."""
        if scene.then.startswith("tool:"):
            return gettext("Ask the business system (%(tool)s)") % {"tool": scene.then.rpartition(".")[2]}
        return gettext("Hand over") if scene.then == "handoff" else gettext("Search")

    @display(description=_("Examples"))
    def examples(self, scene: Scene) -> str:
        """Return the first examples."""
        return shortened(" / ".join(scene.trigger_examples), 60) or "–"

    @display(description=_("Enabled"), ordering="enabled", boolean=True)
    def used(self, scene: Scene) -> bool:
        """Tell whether contacts may come into the scene."""
        return scene.enabled

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        scenes.delete(scene_id=obj.public_id, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Scene]) -> None:
        """Delete many by the service."""
        for scene in queryset:
            scenes.delete(scene_id=scene.public_id, by=actor_of_admin(request))


tenant_site.register(Scene, SceneAdmin)
