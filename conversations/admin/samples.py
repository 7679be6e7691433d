"""Real answers judged by people, on a merchant's admin site: drawn, graded one after the other, added up."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from conversations.forms import DrawForm, GradeForm
from conversations.services import sampling
from kimono.lib.errors import Refusal
from knowledge.models import Sample, SampleItem
from knowledge.services.evaluation import datasets, samples
from tenants.admin import (
    ReadOnlyAdmin,
    actor_of_admin,
    after_dialog,
    asked_first,
    percent_bar,
    said,
    tenant_site,
)


def _page(sample: Any) -> str:
    return reverse("merchant:knowledge_sample_change", args=[sample.pk])


class SampleAdmin(ReadOnlyAdmin):
    """Samples with what their grades add up to."""

    list_display = ("about", "state", "progress", "right", "found", "strategy_word", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), ("strategy", ChoicesDropdownFilter))
    actions_list: ClassVar = ["draw"]
    empty_words = _("Draw real answers of the bot above and judge them one after the other.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sample]:
        """Return the samples with their figures."""
        return samples.listed()

    @display(description=_("sample of answers"), ordering="created_at")
    def about(self, sample: Any) -> str:
        """Return what was drawn."""
        return gettext("%(size)s of %(population)s answers") % {
            "size": sample.size,
            "population": sample.population,
        }

    @display(description=_("Status"), label={"open": "info", "passed": "success", "missed": "warning"})
    def state(self, sample: Any) -> tuple[str, str]:
        """Return whether all have been judged, and then whether the targets are met."""
        if sample.status == Sample.Status.OPEN:
            return "open", str(Sample.Status.OPEN.label)
        if samples.shown(sample)["passed"]:
            return "passed", gettext("Targets met")
        return "missed", gettext("Below the targets")

    @display(description=_("Judged"))
    def progress(self, sample: Any) -> str:
        """Return how many have been judged."""
        return percent_bar(sample.graded / max(sample.size, 1))

    @display(description=_("Right answers"))
    def right(self, sample: Any) -> str:
        """Return the accuracy."""
        return percent_bar(samples.shown(sample)["accuracy"]) if sample.graded else "–"

    @display(description=_("Found of what is relevant"))
    def found(self, sample: Any) -> str:
        """Return the recall."""
        return percent_bar(samples.shown(sample)["recall"]) if sample.graded else "–"

    @display(description=_("drawn"), ordering="strategy")
    def strategy_word(self, sample: Any) -> str:
        """Return how the answers were chosen."""
        return str(Sample.Strategy(sample.strategy).label)

    @action(
        description=_("Draw answers"),
        icon="casino",
        dialog=asked_first(
            title=_("Draw real answers to judge"),
            words=_("Answers of the bot, each with what was found for it."),
            form=DrawForm,
            button=_("Draw"),
        ),
    )
    def draw(self, request: HttpRequest, form: DrawForm) -> HttpResponse:
        """Draw a sample and go to its first answer."""

        def draw() -> str:
            sample = sampling.draw(**form.given(), by=actor_of_admin(request))
            return reverse("merchant:grade_sample", args=[sample.pk])

        return after_dialog(request, draw, refused=reverse("merchant:knowledge_sample_changelist"))

    def get_urls(self) -> list[Any]:
        """Return the pages of the table, and that of judging."""
        own = [
            path("<int:pk>/grade/", self.admin_site.admin_view(self.grade_view), name="grade_sample"),
            path("<int:pk>/keep/", self.admin_site.admin_view(self.keep_view), name="keep_sample"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """Show what the grades of a sample add up to, and its answers."""
        sample = self._sample(request, object_id)
        if sample is None:
            return HttpResponseRedirect(reverse("merchant:knowledge_sample_changelist"))
        context = {
            **self._context(request, sample),
            "items": list(sample.items.all()),
            "strategy": self.strategy_word(sample),
        }
        return TemplateResponse(request, "conversations/admin/sample.html", context)

    def grade_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Show one answer of a sample to be judged, or take its grade and go on to the next."""
        sample = self._sample(request, str(pk))
        if sample is None:
            return HttpResponseRedirect(reverse("merchant:knowledge_sample_changelist"))
        here = reverse("merchant:grade_sample", args=[pk])
        item = self._item(sample, request.GET.get("item", ""))
        if item is None:
            return HttpResponseRedirect(_page(sample))
        form = GradeForm(request.POST or None, item=item)
        if request.method == "POST" and form.is_valid():
            samples.grade(
                sample_id=sample.public_id,
                item_id=str(item.number),
                given=form.grade(),
                by=actor_of_admin(request),
                now=timezone.now(),
            )
            following = self._next(sample, item.number)
            if following is None:
                messages.success(request, gettext("All answers of this sample have been judged."))
                return HttpResponseRedirect(_page(sample))
            return HttpResponseRedirect(f"{here}?item={following}")
        context = {
            **self._context(request, sample),
            "item": item,
            "form": form,
            "relevant": form.relevant(),
            "verdicts": [
                ("yes", gettext("✓ Right"), "Y", item.correct is True),
                ("no", gettext("✗ Wrong"), "N", item.correct is False),
            ],
            "groundings": [
                ("yes", gettext("Yes"), "", item.grounded is True),
                ("no", gettext("No"), "", item.grounded is False),
                ("", gettext("Not judged"), "", item.grounded is None),
            ],
            "previous": item.number - 1 if item.number > 1 else None,
            "following": item.number + 1 if item.number < sample.size else None,
            "here": here,
            "percent": round(100 * sample.graded / max(sample.size, 1)),
        }
        return TemplateResponse(request, "conversations/admin/grade.html", context)

    def keep_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Make a test set of the judged answers of a sample."""
        sample = self._sample(request, str(pk))
        if sample is None or request.method != "POST":
            return HttpResponseRedirect(reverse("merchant:knowledge_sample_changelist"))
        try:
            name = gettext("Judged answers %(date)s") % {"date": f"{timezone.localdate():%Y-%m-%d}"}
            datasets.from_graded(name=name, sample_id=sample.public_id, by=actor_of_admin(request))
        except Refusal as refusal:
            messages.error(request, said(refusal))
            return HttpResponseRedirect(_page(sample))
        messages.success(request, gettext("%(name)s has been made.") % {"name": name})
        return HttpResponseRedirect(reverse("merchant:knowledge_dataset_changelist"))

    def _sample(self, request: HttpRequest, pk: str) -> Any:
        """Return a sample with its figures. Raises `PermissionDenied` for whoever may not look."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return samples.listed().filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None

    def _context(self, request: HttpRequest, sample: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.about(sample),
            "sample": sample,
            "shown": samples.shown(sample),
        }

    def _item(self, sample: Any, number: str) -> SampleItem | None:
        """Return the answer with a number, the first that waits without one, then the first."""
        items: QuerySet[SampleItem] = sample.items.all()
        if number.isdecimal() and len(number) < 9:
            return items.filter(number=int(number)).first()
        return items.filter(correct__isnull=True).first() or items.first()

    def _next(self, sample: Any, number: int) -> int | None:
        """Return the number of the next answer that waits, from here on and then from the beginning."""
        waiting = list(sample.items.filter(correct__isnull=True).values_list("number", flat=True))
        return next((one for one in waiting if one > number), waiting[0] if waiting else None)


tenant_site.register(Sample, SampleAdmin)
