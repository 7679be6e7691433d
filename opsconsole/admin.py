"""The platform's tables on the platform's admin site."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from kimono.lib.errors import Refusal
from tenants.admin import ModelAdmin, ReadOnlyAdmin, actor_of_admin, platform_site
from tenants.models import AuditRow, Job, Price, Template, Tenant, UsageRecord
from tenants.services import lifecycle, provisioning


class TenantForm(forms.ModelForm[Tenant]):
    """A new merchant."""

    preset = forms.ChoiceField(
        label=_("Preset"),
        choices=[("merchant", _("Merchant")), ("helpdesk", _("Help desk"))],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Tenant
        fields = ("name", "slug")


class TenantAdmin(ModelAdmin):
    """Merchants: created by a job, suspended and activated by actions."""

    list_display = ("name", "slug", "status", "schema_name", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug", "public_id")
    readonly_fields = (
        "public_id",
        "schema_name",
        "tag",
        "status",
        "suspended_reason",
        "created_at",
        "updated_at",
    )
    actions = ("suspend", "activate")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of a new merchant; an existing one is shown."""
        if obj is None:
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what to fill in for a new merchant, and what to show of an existing one."""
        if obj is None:
            return ((None, {"fields": ("name", "slug", "preset")}),)
        return ((None, {"fields": ("name", "slug", *self.readonly_fields)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that cannot be changed here."""
        return () if obj is None else ("name", "slug", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Start making the merchant; the page shows its state."""
        if change:
            return
        made = provisioning.create(
            name=obj.name, slug=obj.slug, preset=form.cleaned_data["preset"], by=actor_of_admin(request)
        )
        obj.pk = made.pk
        obj.__dict__.update({k: v for k, v in made.__dict__.items() if not k.startswith("_state")})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: deleting a merchant needs its typed name and a preview."""
        return False

    @action(description=_("Suspend the chosen merchants"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        """Suspend."""
        self._each(
            request,
            queryset,
            lambda tenant: lifecycle.suspend(
                tenant_id=tenant.public_id, reason="", by=actor_of_admin(request), now=timezone.now()
            ),
        )

    @action(description=_("Activate the chosen merchants"))
    def activate(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        """Activate."""
        self._each(
            request,
            queryset,
            lambda tenant: lifecycle.activate(tenant_id=tenant.public_id, by=actor_of_admin(request)),
        )

    def _each(self, request: HttpRequest, queryset: QuerySet[Tenant], act: Any) -> None:
        for tenant in queryset:
            try:
                act(tenant)
            except Refusal as refusal:
                self.message_user(request, f"{tenant}: {refusal.detail}", messages.ERROR)


class TemplateAdmin(ModelAdmin):
    """The library of QA pairs that merchants get copies of."""

    list_display = ("question", "category", "version", "status", "updated_at")
    list_filter = ("category", "status")
    search_fields = ("question", "answer")
    fields = ("question", "answer", "category", "keywords", "priority", "status")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Raise the version with every edit."""
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)


class PriceAdmin(ModelAdmin):
    """Dated prices; what was booked keeps the price it was booked at."""

    list_display = (
        "provider",
        "model",
        "operation",
        "input_per_1k",
        "output_per_1k",
        "currency",
        "valid_from",
    )
    list_filter = ("provider", "operation")


class AuditAdmin(ReadOnlyAdmin):
    """What was done, newest first."""

    list_display = ("timestamp", "tenant", "username", "action", "target_type", "target_id", "success")
    list_filter = ("action", "success")
    search_fields = ("username", "target_id", "message")


class JobAdmin(ReadOnlyAdmin):
    """Background jobs of all merchants."""

    list_display = ("job_id", "tenant", "name", "status", "stage", "progress", "attempts", "created_at")
    list_filter = ("status", "kind", "queue")
    search_fields = ("job_id", "source")


class UsageAdmin(ReadOnlyAdmin):
    """Calls to providers and what they cost."""

    list_display = (
        "timestamp",
        "tenant",
        "api_type",
        "operation",
        "model",
        "tokens_input",
        "tokens_output",
        "cost_cny",
        "success",
    )
    list_filter = ("api_type", "operation", "success")


platform_site.register(Tenant, TenantAdmin)
platform_site.register(Template, TemplateAdmin)
platform_site.register(Price, PriceAdmin)
platform_site.register(AuditRow, AuditAdmin)
platform_site.register(Job, JobAdmin)
platform_site.register(UsageRecord, UsageAdmin)
