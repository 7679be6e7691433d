"""Canned replies and groups on a merchant's admin site."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from agents.forms import CannedReplyForm, GroupForm
from agents.models import CannedReply, Group
from agents.services import canned_replies, groups
from tenants.admin import ServiceAdmin, actor_of_admin, shortened, tenant_site


class CannedReplyAdmin(ServiceAdmin):
    """The replies that all agents have ready; an agent's own are nobody else's business."""

    form = CannedReplyForm
    list_display = ("shortcut", "title", "text", "category", "updated_at")
    list_filter = ("category",)
    search_fields = ("shortcut", "title", "content")
    fields = ("shortcut", "title", "content", "category")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CannedReply]:
        """Return everybody's replies."""
        return canned_replies.listed(owner="")

    @display(description=_("Content"))
    def text(self, reply: CannedReply) -> str:
        """Return the text, short enough for a row."""
        return shortened(reply.content, 60)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        actor = actor_of_admin(request)
        canned_replies.delete(reply_id=obj.public_id, owner=actor.id, supervisor=True, by=actor)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[CannedReply]) -> None:
        """Delete many by the service."""
        for reply in queryset:
            self.delete_model(request, reply)


class GroupAdmin(ServiceAdmin):
    """Groups of agents."""

    form = GroupForm
    list_display = ("name", "description", "size", "created_at")
    search_fields = ("name",)
    fields = ("name", "description", "agent_ids")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return the groups with how many agents each has."""
        return Group.objects.annotate(n=Count("seats"))

    @display(description=_("Agents"), ordering="n")
    def size(self, group: Any) -> int:
        """Return how many agents the group has."""
        return int(group.n)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        groups.delete(group_id=obj.public_id, by=actor_of_admin(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Group]) -> None:
        """Delete many by the service."""
        for group in queryset:
            self.delete_model(request, group)


tenant_site.register(CannedReply, CannedReplyAdmin)
tenant_site.register(Group, GroupAdmin)
