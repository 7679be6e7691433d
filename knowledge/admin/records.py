"""What was asked and what people thought of the answers, on a merchant's admin site."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from knowledge.models import Document, Feedback, QAPair, QuestionRecord
from tenants.admin import (
    ReadOnlyAdmin,
    shortened,
    tenant_site,
)

# What `outcome` says, in people's words; the column holds what the answering floor records.
_OUTCOMES = {
    "answered": ("success", _("Answered")),
    "refused": ("danger", _("No answer found")),
    "asked_back": ("info", _("Asked back")),
}


class OutcomeFilter(admin.SimpleListFilter):
    """How a question ended."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the outcomes."""
        return [(name, words) for name, (_colour, words) in _OUTCOMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuestionRecord]) -> QuerySet[QuestionRecord]:
        """Return the questions of the chosen outcome."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


def _linked(rows: QuerySet[Any], page: str) -> str:
    links = ((reverse(page, args=[row.pk]), shortened(str(row), 60)) for row in rows)
    return format_html_join(", ", '<a class="kimono-link" href="{}">{}</a>', links) or "–"


class QuestionRecordAdmin(ReadOnlyAdmin):
    """What was asked and what came of it; an unanswered question becomes a pair with one click."""

    list_display = ("words", "result", "at")
    list_filter = (OutcomeFilter, ("at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("text",)
    fields = ("text", "ended", "pairs_used", "documents_used", "at")
    readonly_fields = ("ended", "pairs_used", "documents_used")
    ordering = ("-at",)
    actions_row: ClassVar = ["answer_it"]
    actions_detail: ClassVar = ["answer_it"]

    @display(description=_("Question"), ordering="text")
    def words(self, record: QuestionRecord) -> str:
        """Return the question, short enough for a row."""
        return shortened(record.text, 80)

    @display(
        description=_("Outcome"),
        ordering="outcome",
        label={name: colour for name, (colour, _words) in _OUTCOMES.items()},
    )
    def result(self, record: QuestionRecord) -> tuple[str, str]:
        """Return the outcome as a label."""
        words = _OUTCOMES.get(record.outcome, ("", record.outcome))[1]
        return record.outcome, str(words)

    @display(description=_("Outcome"))
    def ended(self, record: QuestionRecord) -> str:
        """Return the outcome in words."""
        return str(_OUTCOMES.get(record.outcome, ("", record.outcome))[1])

    @display(description=_("QA pairs used"))
    def pairs_used(self, record: QuestionRecord) -> str:
        """Return the questions of the pairs that answered, each a link."""
        rows = QAPair.objects.filter(public_id__in=record.qa_ids, status=QAPair.Status.ACTIVE)
        return _linked(rows, "merchant:knowledge_qapair_change")

    @display(description=_("Documents used"))
    def documents_used(self, record: QuestionRecord) -> str:
        """Return the documents that answered, each a link."""
        rows = Document.objects.filter(public_id__in=record.doc_ids).exclude(status=Document.Status.DELETED)
        return _linked(rows, "merchant:knowledge_document_change")

    @action(description=_("Write a QA pair for it"), icon="add_notes")
    def answer_it(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Open the form of a new pair with this question in it."""
        record = QuestionRecord.objects.filter(pk=object_id).first()
        question = {"question": record.text[:500]} if record is not None else {}
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:knowledge_qapair_add", query=question))


class FeedbackAdmin(ReadOnlyAdmin):
    """Votes and corrections, newest first."""

    list_display = ("about", "mark", "comment", "state", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("question", "comment")
    fields = (
        "question",
        "answer",
        "mark",
        "comment",
        "corrected_answer",
        ("status", "created_at"),
        ("reviewed_by", "reviewed_at"),
    )
    readonly_fields = ("mark",)

    @display(description=_("Question"))
    def about(self, entry: Feedback) -> str:
        """Return the question, short enough for a row."""
        return shortened(entry.question, 60) or "–"

    @display(description=_("Vote"))
    def mark(self, entry: Feedback) -> str:
        """Return the vote or the stars as a word with its sign."""
        if entry.vote:
            words = gettext("Helpful") if entry.vote == "up" else gettext("Not helpful")
            return format_html("{} {}", "👍" if entry.vote == "up" else "👎", words)
        if entry.rating is not None:
            return ngettext("%(n)s star", "%(n)s stars", entry.rating) % {"n": entry.rating}
        return "–"

    @display(
        description=_("Status"),
        ordering="status",
        label={"pending": "warning", "approved": "success", "applied": "success", "rejected": "danger"},
    )
    def state(self, entry: Feedback) -> tuple[str, str]:
        """Return the status as a label."""
        return entry.status, entry.get_status_display()


tenant_site.register(QuestionRecord, QuestionRecordAdmin)
tenant_site.register(Feedback, FeedbackAdmin)
