"""Agents' solutions to be reviewed, and tickets to be looked at, on a merchant's admin site."""

from collections.abc import Callable
from typing import ClassVar

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from knowledge.models import QAPair, Solution, Ticket
from knowledge.services import solutions
from tenants.admin import ReadOnlyAdmin, actor_of_admin, after_dialog, asked_first, shortened, tenant_site

_LIST = "merchant:knowledge_solution_changelist"


class SolutionAdmin(ReadOnlyAdmin):
    """What agents handed in; approved with one click it is part of the bot's answers at once."""

    list_display = ("asked", "solved", "submitted_by", "state", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("question", "solution", "submitted_by")
    fields = (
        "question",
        "solution",
        ("submitted_by", "created_at"),
        ("status", "pair"),
        ("reviewed_by", "reviewed_at"),
        "reason",
    )
    readonly_fields = ("pair",)
    actions_row: ClassVar = ["approve", "reject"]
    actions_detail: ClassVar = ["approve", "reject"]

    @display(description=_("Question"))
    def asked(self, solution: Solution) -> str:
        """Return the question, short enough for a row."""
        return shortened(solution.question, 60)

    @display(description=_("Solution"))
    def solved(self, solution: Solution) -> str:
        """Return the solution, short enough for a row."""
        return shortened(solution.solution, 60)

    @display(
        description=_("Status"),
        ordering="status",
        label={"pending": "warning", "approved": "success", "rejected": "danger"},
    )
    def state(self, solution: Solution) -> tuple[str, str]:
        """Return the status as a label."""
        return solution.status, solution.get_status_display()

    @display(description=_("QA pair"))
    def pair(self, solution: Solution) -> str:
        """Return the pair that it has become, as a link."""
        found = QAPair.objects.filter(public_id=solution.qa_pair_id).first() if solution.qa_pair_id else None
        if found is None:
            return "–"
        address = reverse("merchant:knowledge_qapair_change", args=[found.pk])
        return format_html('<a class="kimono-link" href="{}">{}</a>', address, shortened(str(found), 60))

    @action(
        description=_("Approve"),
        icon="check_circle",
        dialog=asked_first(
            title=_("Let the bot answer with this?"),
            words=_("It becomes a QA pair and is used from the next question on."),
            form=BaseDialogForm,
            button=_("Approve"),
        ),
    )
    def approve(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Make a solution a QA pair."""
        return self._review(
            request,
            object_id,
            lambda public_id: async_to_sync(solutions.approve)(
                solution_id=public_id, by=actor_of_admin(request), now=timezone.now()
            ),
            gettext("The bot answers with it from now on."),
        )

    @action(
        description=_("Refuse"),
        icon="cancel",
        dialog=asked_first(
            title=_("Refuse this solution?"),
            words=_("The bot does not learn it. The agent's words are kept."),
            form=BaseDialogForm,
            button=_("Refuse"),
        ),
    )
    def reject(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Refuse a solution."""
        return self._review(
            request,
            object_id,
            lambda public_id: solutions.reject(
                solution_id=public_id, reason="", by=actor_of_admin(request), now=timezone.now()
            ),
            gettext("The solution is refused."),
        )

    def _review(
        self, request: HttpRequest, object_id: str, act: Callable[[str], Solution], done: str
    ) -> HttpResponse:
        def review() -> str:
            solution = self.get_object(request, object_id)
            if solution is not None:
                act(solution.public_id)
                messages.success(request, done)
            return reverse(_LIST)

        return after_dialog(request, review, refused=reverse(_LIST))


class TicketAdmin(ReadOnlyAdmin):
    """Tickets, the newest first."""

    list_display = ("title", "category", "urgency", "state", "user_id", "created_at")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("category", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("public_id", "title", "description", "user_id")
    fields = (
        "title",
        "description",
        "resolution",
        ("category", "priority", "status"),
        ("user_id", "contact", "related_order"),
        ("source", "session_id"),
        ("created_at", "updated_at", "resolved_at"),
        "public_id",
    )

    @display(description=_("Priority"), ordering="priority", label={"urgent": "danger", "high": "warning"})
    def urgency(self, ticket: Ticket) -> tuple[str, str]:
        """Return the priority as a label."""
        return ticket.priority, ticket.get_priority_display()

    @display(
        description=_("Status"),
        ordering="status",
        label={"pending": "warning", "processing": "info", "resolved": "success"},
    )
    def state(self, ticket: Ticket) -> tuple[str, str]:
        """Return the status as a label."""
        return ticket.status, ticket.get_status_display()


tenant_site.register(Solution, SolutionAdmin)
tenant_site.register(Ticket, TicketAdmin)
