"""Merchants on the platform's admin site: made by a job, suspended and activated with a reason."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from kimono.lib.errors import Refusal
from opsconsole.forms import SuspendForm, TenantForm
from tenants.admin import ServiceAdmin, actor_of_admin, platform_site, said
from tenants.models import Domain, Tenant
from tenants.services import lifecycle

STATE_COLOURS = {
    "creating": "info",
    "active": "success",
    "suspended": "warning",
    "migrating": "info",
    "failed": "danger",
}
_SHOWN = (
    "called",
    "status",
    "hosts",
    "suspended_reason",
    "failure",
    "public_id",
    "schema",
    "created_at",
    "updated_at",
)


class TenantAdmin(ServiceAdmin):
    """Merchants, the newest first."""

    form = TenantForm
    list_display = ("name", "slug", "state", "suspended_reason", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("name", "slug", "public_id")
    actions = None
    actions_detail: ClassVar = ["suspend", "activate"]
    actions_row: ClassVar = ["suspend", "activate"]

    @display(description=_("Status"), ordering="status", label=STATE_COLOURS)
    def state(self, tenant: Tenant) -> tuple[str, str]:
        """Return the status as a label."""
        return tenant.status, tenant.get_status_display()

    @display(description=_("Name"))
    def called(self, tenant: Tenant) -> str:
        """Return the name with the short one."""
        return f"{tenant.name} ({tenant.slug})"

    @display(description=_("Hosts"))
    def hosts(self, tenant: Tenant) -> str:
        """Return the host names that lead to the merchant."""
        names = Domain.objects.filter(tenant=tenant).order_by("-is_primary", "domain")
        return ", ".join(names.values_list("domain", flat=True)) or "–"

    @display(description=_("Schema"))
    def schema(self, tenant: Tenant) -> str:
        """Return the name of the merchant's schema."""
        return str(tenant.schema_name)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what to fill in for a new merchant, and what to show of an existing one."""
        if obj is not None:
            return ((None, {"fields": _SHOWN}),)
        return (
            (None, {"fields": ("name", "slug", "preset")}),
            (_("First admin"), {"fields": ("admin_username", "admin_password")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that cannot be changed here."""
        return () if obj is None else _SHOWN

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what may be changed of a merchant are its states, by actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: deleting a merchant needs its typed name and a preview."""
        return False

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say that the merchant is being made, and go to its page, which shows how far it is."""
        messages.success(
            request,
            gettext("%(name)s is being made. It works as soon as its status is active.") % {"name": obj.name},
        )
        return HttpResponseRedirect(_page_of(obj))

    def _may(self, request: HttpRequest, object_id: Any, states: frozenset[str]) -> bool:
        if not request.user.has_perm("tenants.change_tenant"):
            return False
        return object_id is None or Tenant.objects.filter(pk=object_id, status__in=states).exists()

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether a merchant may be suspended by this operator."""
        return self._may(request, object_id, frozenset({Tenant.Status.ACTIVE}))

    def has_activate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether a merchant may be let in again by this operator."""
        return self._may(request, object_id, frozenset({Tenant.Status.SUSPENDED}))

    @action(
        description=_("Suspend"),
        permissions=["suspend"],
        icon="pause_circle",
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Suspend this merchant?"),
            "description": _("Its pages, keys and jobs stop at once. Nothing is deleted."),
            "form_class": SuspendForm,
            "form_submit_text": _("Suspend"),
        },
    )
    def suspend(self, request: HttpRequest, form: SuspendForm, object_id: str) -> HttpResponse:
        """Suspend a merchant, with a reason."""
        return self._act(
            request,
            object_id,
            lambda tenant: lifecycle.suspend(
                tenant_id=tenant.public_id,
                reason=form.cleaned_data["reason"],
                by=actor_of_admin(request),
                now=timezone.now(),
            ),
            gettext("%(name)s is suspended."),
        )

    @action(
        description=_("Activate"),
        permissions=["activate"],
        icon="play_circle",
        dialog={
            "title": _("Let this merchant in again?"),
            "description": _("Its pages and keys work again, and its waiting jobs go on."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Activate"),
        },
    )
    def activate(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let a suspended merchant in again."""
        return self._act(
            request,
            object_id,
            lambda tenant: lifecycle.activate(tenant_id=tenant.public_id, by=actor_of_admin(request)),
            gettext("%(name)s is active again."),
        )

    def _act(
        self, request: HttpRequest, object_id: str, act: Callable[[Tenant], Tenant], done: str
    ) -> HttpResponse:
        tenant = self.get_object(request, object_id)
        if tenant is None:
            return HttpResponseRedirect(reverse("platform:tenants_tenant_changelist"))
        try:
            act(tenant)
            messages.success(request, done % {"name": tenant.name})
        except Refusal as refusal:
            messages.error(request, format_html("{}: {}", tenant.name, said(refusal)))
        # The dialog was sent by htmx, which follows no redirect of a page.
        return HttpResponse(headers={"HX-Redirect": _page_of(tenant)})


def _page_of(tenant: Tenant) -> str:
    return reverse("platform:tenants_tenant_change", args=[tenant.pk])


platform_site.register(Tenant, TenantAdmin)
