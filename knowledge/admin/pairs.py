"""QA pairs on a merchant's admin site; every write goes through the services."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportModelAdmin
from import_export.results import Result
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display

from kimono.lib.errors import Refusal
from knowledge.admin import attachments
from knowledge.forms import QAPairForm, TableImportForm
from knowledge.models import QAPair
from knowledge.resources import (
    MOST_SHOWN,
    AnyTable,
    QAPairResource,
    TenantStorage,
    WrittenCsv,
    WrittenXlsx,
    unreadable,
)
from knowledge.services.qa_pairs import writing
from tenants.admin import (
    ServiceAdmin,
    actor_of_admin,
    percent_bar,
    shortened,
    tenant_site,
)


class CategoryFilter(admin.SimpleListFilter):
    """The categories that living pairs are filed under."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the categories by name."""
        living = QAPair.objects.filter(status=QAPair.Status.ACTIVE).exclude(category="")
        names = living.order_by("category").values_list("category", flat=True).distinct()
        return [*((name, name) for name in names[:100]), ("-", gettext("Without a category"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QAPair]) -> QuerySet[QAPair]:
        """Return the pairs of the chosen category."""
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(category="" if chosen == "-" else chosen)


class QAPairAdmin(ServiceAdmin, ImportExportModelAdmin):
    """QA pairs: edited, imported with a preview, exported."""

    form = QAPairForm
    resource_classes = (QAPairResource,)
    import_form_class = TableImportForm
    export_form_class = ExportForm
    import_formats = (AnyTable,)
    export_formats = (WrittenXlsx, WrittenCsv)
    import_template_name = "knowledge/admin/import.html"
    tmp_storage_class = TenantStorage
    skip_admin_log = True
    list_display = (
        "asked",
        "filed_under",
        "priority",
        "quality",
        "synced",
        "in_answers",
        "hit_count",
        "updated_at",
    )
    list_filter = (
        CategoryFilter,
        ("source", ChoicesDropdownFilter),
        "enabled",
        "is_synced",
        ("updated_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("question", "answer", "similar__text")
    search_help_text = _("Searches in questions, similar questions and answers")
    fieldsets = (
        (None, {"fields": ("question", "similar_questions", "answer")}),
        (_("Filing"), {"fields": ("category", "keywords", "priority")}),
        (_("Validity"), {"fields": ("enabled", "valid_from", "valid_to")}),
    )

    readonly_fields = ("files",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is said of a pair, with its files when it is there."""
        own = super().get_fieldsets(request, obj)
        return own if obj is None else (*own, (_("Attachments"), {"fields": ("files",)}))

    @display(description=_("Files that come along with the answer"))
    def files(self, pair: QAPair) -> SafeString | str:
        """Return the files that are tied to the pair."""
        return attachments.listed(pair)

    @display(description=_("Question"), ordering="question")
    def asked(self, pair: QAPair) -> str:
        """Return the question, short enough for a row."""
        return shortened(pair.question, 48)

    @display(description=_("Category"), ordering="category")
    def filed_under(self, pair: QAPair) -> str:
        """Return the category."""
        return pair.category or "–"

    @display(description=_("Quality"), ordering="quality_score")
    def quality(self, pair: QAPair) -> str:
        """Return the quality as a bar."""
        return percent_bar(pair.quality_score)

    @display(description=_("Index"), ordering="is_synced", label={"synced": "success", "waiting": "warning"})
    def synced(self, pair: QAPair) -> tuple[str, str]:
        """Return whether the pair's vectors are there; without them keywords alone find it."""
        return ("synced", gettext("Complete")) if pair.is_synced else ("waiting", gettext("Keywords only"))

    @display(description=_("Enabled"), ordering="enabled", boolean=True)
    def in_answers(self, pair: QAPair) -> bool:
        """Tell whether answers may use the pair."""
        return pair.enabled

    def get_queryset(self, request: HttpRequest) -> QuerySet[QAPair]:
        """Return the living pairs."""
        return QAPair.objects.prefetch_related("similar").filter(status=QAPair.Status.ACTIVE)

    def get_import_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Tell the resource who acts."""
        return {
            **super().get_import_resource_kwargs(request, *args, **kwargs),
            "actor": actor_of_admin(request),
        }

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page of the import says besides."""
        return {**super().get_import_context_data(**kwargs), "most_shown": MOST_SHOWN}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        """Say beside the file why it cannot be imported."""
        if not isinstance(e, Refusal):
            raise e
        form.add_error("import_file", unreadable(e))

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Write what the preview showed; a preview that is gone is asked for anew."""
        try:
            return super().process_import(request, **kwargs)  # type: ignore[no-any-return]
        except (FileNotFoundError, ValueError):
            messages.error(request, gettext("This preview is too old. Choose the file again."))
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:knowledge_qapair_import"))

    def add_success_message(self, result: Result, request: HttpRequest) -> None:
        """Say what the import did, in numbers."""
        text = gettext(
            "Imported: %(new)s new, %(changed)s changed, %(same)s as before, %(refused)s left out."
        )
        numbers = {
            "new": result.totals["new"],
            "changed": result.totals["update"],
            "same": result.totals["skip"],
            "refused": len(result.refused),
        }
        messages.success(request, text % numbers)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service: gone from answers at once."""
        writing.delete(qa_id=obj.public_id, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[QAPair]) -> None:
        """Delete many by the service."""
        writing.bulk_delete(qa_ids=[pair.public_id for pair in queryset], by=actor_of_admin(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what is deleted: the pairs themselves; their rows stay for the records that name them."""
        pairs = list(objs)
        counted = {str(QAPair._meta.verbose_name_plural): len(pairs)}
        return [pair.question for pair in pairs[:MOST_SHOWN]], counted, set(), []


tenant_site.register(QAPair, QAPairAdmin)
