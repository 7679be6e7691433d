"""Knowledge on a merchant's admin site; every write goes through the services."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.widgets import UnfoldAdminTextareaWidget

from kimono.lib.tables import as_written, harmless
from knowledge.models import Document, QAPair
from knowledge.services.qa_pairs import importing, writing
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.admin import ModelAdmin, ReadOnlyAdmin, actor_of_admin, tenant_site


class QAPairResource(resources.ModelResource):
    """Rows of an import or export file; a row is recognised by its question."""

    question = fields.Field(attribute="question", column_name="问题")
    answer = fields.Field(attribute="answer", column_name="答案")
    category = fields.Field(attribute="category", column_name="分类")
    keywords = fields.Field(column_name="关键词")
    priority = fields.Field(attribute="priority", column_name="优先级")
    similar_questions = fields.Field(column_name="相似问")

    class Meta:
        model = QAPair
        fields = ("question", "answer", "category", "keywords", "priority", "similar_questions")
        import_id_fields = ("question",)
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
        clean_model_instances = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._drafts: list[PairDraft] = []
        self.actor: Any = kwargs.get("actor")

    def get_queryset(self) -> QuerySet[QAPair]:
        """Return the pairs that a row may overwrite."""
        return QAPair.objects.prefetch_related("similar").filter(status=QAPair.Status.ACTIVE)

    def dehydrate_keywords(self, pair: QAPair) -> str:
        """Return the keywords as one cell."""
        return "，".join(pair.keywords)

    def dehydrate_similar_questions(self, pair: QAPair) -> str:
        """Return the similar questions as one cell."""
        return "；".join(item.text for item in pair.similar.all()) if pair.pk else ""

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        """Return a cell that no spreadsheet runs."""
        value = super().export_field(field, instance, **kwargs)
        return harmless(value) if isinstance(value, str) else value

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Take the mark off cells that an export made harmless, and refuse an empty pair."""
        for name, value in row.items():
            if isinstance(value, str):
                row[name] = as_written(value).strip()
        if not row.get("问题") or not row.get("答案"):
            raise ValueError(_("Question or answer is empty."))
        if not str(row.get("优先级") or "0").isdecimal():
            raise ValueError(_("Priority must be a number from 0 to 100."))
        row["优先级"] = int(str(row.get("优先级") or "0"))

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """Tell whether a row says what is there already."""
        if not original.pk:
            return False
        return bool(self._draft(row) == replace(writing.draft_of(original), source=QAPair.Source.MANUAL))

    def _draft(self, row: Any) -> PairDraft:
        def cell(name: str) -> str:
            return str(row.get(name) or "").strip()

        return PairDraft(
            question=cell("问题"),
            answer=cell("答案"),
            category=cell("分类"),
            keywords=tuple(importing.split(cell("关键词"), marks=",，;；、|")),
            similar_questions=tuple(importing.split(cell("相似问"), marks=";；|")),
            priority=int(row.get("优先级") or 0),
        )

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Keep the row; the services write all of them at the end, with their index."""
        self._drafts.append(self._draft(row))

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Write the rows that were taken, unless this was the preview."""
        if not kwargs.get("dry_run") and not result.has_errors() and self._drafts:
            async_to_sync(importing.store_drafts)(self._drafts, by=self.actor)


class QAPairForm(forms.ModelForm[QAPair]):
    """A pair with its similar questions, one a line."""

    similar_questions = forms.CharField(
        label=_("Similar questions"),
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("One wording a line, at most 20. They are the biggest help in finding the answer."),
    )

    class Meta:
        model = QAPair
        fields = (
            "question",
            "answer",
            "category",
            "keywords",
            "priority",
            "enabled",
            "valid_from",
            "valid_to",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["similar_questions"] = "\n".join(item.text for item in self.instance.similar.all())

    def draft(self) -> PairDraft:
        """Return what the form says."""
        given = dict(self.cleaned_data)
        lines = [line.strip() for line in given.pop("similar_questions").splitlines() if line.strip()]
        return PairDraft(
            **{
                **given,
                "keywords": tuple(given["keywords"] or ()),
                "similar_questions": tuple(dict.fromkeys(lines)),
            }
        )

    def clean_similar_questions(self) -> str:
        """Refuse more or longer wordings than a pair may have."""
        text: str = self.cleaned_data["similar_questions"]
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 20 or any(len(line) > 500 for line in lines):
            raise forms.ValidationError(_("At most 20 wordings of at most 500 characters."))
        return text


class QAPairAdmin(ModelAdmin, ImportExportModelAdmin):
    """QA pairs: edited, imported with a preview, exported."""

    form = QAPairForm
    resource_classes = (QAPairResource,)
    import_form_class = ImportForm
    export_form_class = ExportForm
    formats = (XLSX, CSV)
    list_display = (
        "question",
        "category",
        "quality_score",
        "is_synced",
        "enabled",
        "hit_count",
        "updated_at",
    )
    list_filter = ("category", "source", "enabled", "is_synced")
    search_fields = ("question", "answer", "similar__text")
    list_per_page = 30
    fieldsets = (
        (None, {"fields": ("question", "similar_questions", "answer")}),
        (_("Filing"), {"fields": ("category", "keywords", "priority")}),
        (_("Validity"), {"fields": ("enabled", "valid_from", "valid_to")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[QAPair]:
        """Return the living pairs."""
        return QAPair.objects.prefetch_related("similar").filter(status=QAPair.Status.ACTIVE)

    def get_import_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Tell the resource who acts."""
        return {
            **super().get_import_resource_kwargs(request, *args, **kwargs),
            "actor": actor_of_admin(request),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the pair by the service, live at once."""
        draft, by = form.draft(), actor_of_admin(request)
        if change:
            async_to_sync(writing.update)(
                qa_id=obj.public_id, change=lambda present: replace(draft, source=present.source), by=by
            )
            return
        pair, _quality = async_to_sync(writing.create)(draft=draft, by=by)
        obj.pk, obj.public_id = pair.pk, pair.public_id

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service: gone from answers at once."""
        writing.delete(qa_id=obj.public_id, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[QAPair]) -> None:
        """Delete many by the service."""
        writing.bulk_delete(qa_ids=[pair.public_id for pair in queryset], by=actor_of_admin(request))


class DocumentAdmin(ReadOnlyAdmin):
    """Documents and their versions; uploads go through the API and the console."""

    list_display = ("title", "source", "status", "current_version", "knowledge_type", "updated_at")
    list_filter = ("status", "knowledge_type")
    search_fields = ("title", "source")


tenant_site.register(QAPair, QAPairAdmin)
tenant_site.register(Document, DocumentAdmin)
