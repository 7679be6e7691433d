"""What the platform keeps for its merchants: templates and prices."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from opsconsole.forms import PriceForm, TemplateForm
from opsconsole.services import prices, templates
from tenants.admin import ServiceAdmin, actor_of_admin, platform_site, shortened
from tenants.models import Price, Template


class CategoryFilter(admin.SimpleListFilter):
    """The categories of templates."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the categories by name."""
        names = Template.objects.exclude(category="").order_by("category").values_list("category", flat=True)
        return [(name, name) for name in names.distinct()[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Template]) -> QuerySet[Template]:
        """Return the templates of the chosen category."""
        return queryset.filter(category=self.value()) if self.value() else queryset


class TemplateAdmin(ServiceAdmin):
    """The library of QA pairs that merchants get copies of."""

    form = TemplateForm
    list_display = ("asked", "category", "version", "use", "updated_at")
    list_filter = (CategoryFilter,)
    search_fields = ("question", "answer")
    fields = ("question", "answer", "category", "keywords", "priority", "status")

    @display(description=_("Question"), ordering="question")
    def asked(self, template: Template) -> str:
        """Return the question, short enough for a row."""
        return shortened(template.question, 60)

    @display(description=_("Status"), ordering="status", label={"active": "success"})
    def use(self, template: Template) -> tuple[str, str]:
        """Return whether the template is given to merchants."""
        return template.status, str(_("In use") if template.status == "active" else _("Archived"))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        templates.delete(template_id=obj.pk, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Template]) -> None:
        """Delete many by the service."""
        for template in queryset:
            templates.delete(template_id=template.pk, by=actor_of_admin(request))


class PriceAdmin(ServiceAdmin):
    """Dated prices; what was booked keeps the price it was booked at."""

    form = PriceForm
    list_display = (
        "model",
        "provider",
        "operation",
        "input_per_1k",
        "output_per_1k",
        "currency",
        "valid_from",
    )
    search_fields = ("provider", "model")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        prices.delete(price_id=obj.pk, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Price]) -> None:
        """Delete many by the service."""
        for price in queryset:
            prices.delete(price_id=price.pk, by=actor_of_admin(request))


platform_site.register(Template, TemplateAdmin)
platform_site.register(Price, PriceAdmin)
