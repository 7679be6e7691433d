"""Test sets and runs over them on a merchant's admin site."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from knowledge.admin import threshold
from knowledge.forms import DatasetForm, MadeSetForm, RunForm
from knowledge.models import Dataset, EvaluationReport
from knowledge.services.evaluation import datasets, figures, reports, running
from tenants.admin import (
    ReadOnlyAdmin,
    ServiceAdmin,
    actor_of_admin,
    after_dialog,
    asked_first,
    percent_bar,
    shortened,
    tenant_site,
)
from tenants.models import Job

_CASES_PER_PAGE = 50
_MOST_EARLIER = 30
# What is told of a run, and whether more of it is better.
_FIGURES: tuple[tuple[str, Any, str | None, float | None], ...] = (
    ("accuracy", _("Right answers"), "accuracy_ci", figures.ACCURACY_MIN),
    ("recall", _("Found of what is relevant"), "recall_ci", figures.RECALL_MIN),
    ("hit_rate", _("Anything relevant found"), "hit_rate_ci", None),
    ("mrr", _("Mean reciprocal rank"), "mrr_ci", None),
    ("precision_at_k", _("Relevant among the found"), None, None),
    ("fabrication_rate", _("Answered without an answer"), "fabrication_ci", None),
    ("hallucination_rate", _("Sentences without a source"), None, None),
)
_LESS_IS_BETTER = frozenset({"fabrication_rate", "hallucination_rate"})
_SHOWS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "all": lambda row: True,
    "wrong": lambda row: not row["correct"],
    "fabricated": lambda row: bool(row["fabricated"]),
    "refused": lambda row: bool(row["abstained"]) and bool(row["answerable"]),
}
_SHOW_WORDS = {
    "all": _("All"),
    "wrong": _("Wrong"),
    "fabricated": _("Answered without an answer"),
    "refused": _("Not answered"),
}


_SETS = "merchant:knowledge_dataset_changelist"


class DatasetAdmin(ServiceAdmin):
    """Test sets: brought as a file, or made from what is there."""

    form = DatasetForm
    list_display = ("name", "origin_word", "size", "answerable", "created_at")
    list_filter = (("origin", ChoicesDropdownFilter),)
    search_fields = ("name",)
    empty_words = _(
        "Bring a file, or make a set from what is there. The built-in set can be run without one."
    )
    fields = ("name", "origin_word", "size", "answerable", "categories", "created_at")
    readonly_fields = ("origin_word", "size", "answerable", "categories", "created_at")
    actions_list: ClassVar = ["run_builtin", "make_set"]
    actions_row: ClassVar = ["run_set"]
    actions_detail: ClassVar = ["run_set"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        """Return the sets without their cases."""
        rows: QuerySet[Dataset] = super().get_queryset(request)
        return rows.defer("cases")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a set is never changed, only replaced."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what to fill in for a new set, and what to show of one that is there."""
        return ("name", "file") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that are shown alone."""
        return () if obj is None else self.readonly_fields

    @display(description=_("Origin"), ordering="origin")
    def origin_word(self, dataset: Dataset) -> str:
        """Return where the questions come from."""
        return str(Dataset.Origin(dataset.origin).label)

    @action(
        description=_("Run"),
        icon="play_arrow",
        dialog=asked_first(
            title=_("Run this test set"),
            words=_("Its questions are asked in the background; nothing is counted as a conversation."),
            form=RunForm,
            button=_("Run"),
        ),
    )
    def run_set(self, request: HttpRequest, form: RunForm, object_id: str) -> HttpResponse:
        """Run a set in the background."""
        row = Dataset.objects.defer("cases").filter(pk=object_id).first()
        return self._run(request, form, row.public_id if row is not None else "")

    @action(
        description=_("Run the built-in set"),
        icon="play_arrow",
        dialog=asked_first(
            title=_("Run the built-in set"),
            words=_("Thirty questions about the demo shop."),
            form=RunForm,
            button=_("Run"),
        ),
    )
    def run_builtin(self, request: HttpRequest, form: RunForm) -> HttpResponse:
        """Run the shipped set in the background."""
        return self._run(request, form, datasets.builtin_id())

    def _run(self, request: HttpRequest, form: RunForm, dataset_id: str) -> HttpResponse:
        def start() -> str:
            report, _job = running.start(order=form.order(dataset_id), by=actor_of_admin(request))
            return reverse("merchant:knowledge_evaluationreport_change", args=[report.pk])

        return after_dialog(request, start, refused=reverse(_SETS))

    @action(
        description=_("Make from what is there"),
        icon="auto_awesome",
        dialog=asked_first(
            title=_("Make a test set"),
            words=_("The same seed over the same knowledge makes the same set."),
            form=MadeSetForm,
            button=_("Make it"),
        ),
    )
    def make_set(self, request: HttpRequest, form: MadeSetForm) -> HttpResponse:
        """Make a set from QA pairs or from what was asked."""

        def make() -> str:
            shown = form.make(by=actor_of_admin(request))
            messages.success(request, gettext("%(name)s has been made.") % {"name": shown.name})
            return reverse(_SETS)

        return after_dialog(request, make, refused=reverse(_SETS))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service; the reports of its runs stay."""
        datasets.delete(dataset_id=obj.public_id, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Dataset]) -> None:
        """Delete many by the service."""
        for row in queryset:
            datasets.delete(dataset_id=row.public_id, by=actor_of_admin(request))


class ReportAdmin(ReadOnlyAdmin):
    """Runs with their figures; a run's page compares it with an earlier one."""

    list_display = ("about", "state", "mode", "right", "found", "fabricated", "total", "created_at")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("dataset_name", "public_id")
    empty_words = _("Run a test set, and what came of it stands here: open “Test sets”.")
    list_before_template = "knowledge/admin/threshold.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Show the runs, and above them what an answer needs and what is expected of it."""
        context = {"threshold": threshold.shown(), **(extra_context or {})}
        shown: HttpResponseBase = super().changelist_view(request, context)
        return shown

    @display(description=_("test set"), ordering="dataset_name")
    def about(self, report: EvaluationReport) -> str:
        """Return the name of the set."""
        return shortened(report.dataset_name, 40)

    @display(
        description=_("Status"),
        label={"passed": "success", "missed": "warning", "running": "info", "failed": "danger"},
    )
    def state(self, report: EvaluationReport) -> tuple[str, str]:
        """Return whether the run is done, and then whether it met its targets."""
        if report.status != EvaluationReport.Status.DONE:
            return report.status, report.get_status_display()
        if report.figures["gate"]["passed"]:
            return "passed", gettext("Targets met")
        return "missed", gettext("Below the targets")

    @display(description=_("Right answers"))
    def right(self, report: EvaluationReport) -> str:
        """Return the accuracy as a bar."""
        return percent_bar(report.figures["accuracy"]) if report.figures else "–"

    @display(description=_("Found of what is relevant"))
    def found(self, report: EvaluationReport) -> str:
        """Return the recall as a bar."""
        return percent_bar(report.figures["recall"]) if report.figures else "–"

    @display(description=_("Answered without an answer"))
    def fabricated(self, report: EvaluationReport) -> str:
        """Return the share of questions without an answer that were answered."""
        return f"{report.figures['fabrication_rate']:.1%}" if report.figures else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """Show a run: how far it is, then what came of it and what is different from an earlier one."""
        report = EvaluationReport.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        if report is None:
            return HttpResponseRedirect(reverse("merchant:knowledge_evaluationreport_changelist"))
        if not self.has_view_permission(request, report):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": report.dataset_name,
            "report": report,
            **(
                _shown(request, report) if report.status == EvaluationReport.Status.DONE else _waiting(report)
            ),
        }
        response = TemplateResponse(request, "knowledge/admin/report.html", context)
        if report.status == EvaluationReport.Status.RUNNING:
            response["Refresh"] = "3"
        return response


def _waiting(report: EvaluationReport) -> dict[str, Any]:
    job = Job.objects.filter(job_id=report.job_id).first()
    done = report.results.filter(done=True).count()
    return {
        "job": job,
        "done": done,
        "percent": round(100 * done / max(report.total, 1)),
    }


def _shown(request: HttpRequest, report: EvaluationReport) -> dict[str, Any]:
    earlier = list(
        reports.listed()
        .filter(
            dataset_id=report.dataset_id, dataset_name=report.dataset_name, created_at__lt=report.created_at
        )
        .exclude(pk=report.pk)[:_MOST_EARLIER]
    )
    asked = request.GET.get("compare_to", "")
    chosen = next((one for one in earlier if one.public_id == asked), None)
    if chosen is None and asked != "none":
        chosen = next((one for one in earlier if one.mode == report.mode), None)
    changes = reports.compared(report=report, earlier=chosen) if chosen is not None else None
    rows = reports.rows_of(report)
    show = request.GET.get("show", "all")
    wanted = [row for row in rows if _SHOWS.get(show, _SHOWS["all"])(row)]
    return {
        "figures": _tiles(report.figures, changes["deltas"] if changes else {}),
        "abstention": report.figures["abstention"],
        "categories": report.figures["by_category"],
        "earlier": earlier,
        "chosen": chosen,
        "changes": changes,
        "show": show,
        "shows": [(name, words, sum(map(_SHOWS[name], rows))) for name, words in _SHOW_WORDS.items()],
        "cases": Paginator(wanted, _CASES_PER_PAGE).get_page(request.GET.get("page")),
    }


def _tiles(found: dict[str, Any], deltas: dict[str, float]) -> list[dict[str, Any]]:
    tiles = []
    for name, words, interval, target in _FIGURES:
        delta = deltas.get(name)
        better = None if not delta else (delta < 0) == (name in _LESS_IS_BETTER)
        tiles.append(
            {
                "words": words,
                "value": f"{found[name]:.1%}" if name != "mrr" else f"{found[name]:.3f}",
                "low_high": [f"{edge:.0%}" if name != "mrr" else f"{edge:.2f}" for edge in found[interval]]
                if interval
                else None,
                "target": f"{target:.0%}" if target is not None else "",
                "met": target is None or found[name] >= target,
                "delta": f"{delta:+.1%}" if delta and name != "mrr" else f"{delta:+.3f}" if delta else "",
                "better": better,
            }
        )
    return tiles


tenant_site.register(Dataset, DatasetAdmin)
tenant_site.register(EvaluationReport, ReportAdmin)
