"""Handoffs from the bot to a person, to be looked at."""

from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from conversations.models import Handoff
from tenants.admin import ReadOnlyAdmin, shortened, tenant_site


class HandoffAdmin(ReadOnlyAdmin):
    """Handoffs, the latest first."""

    list_display = ("who", "stage", "urgency", "why", "agent", "pending_since", "closed_at")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("requested_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_select_related = ("conversation",)
    search_fields = ("public_id", "reason", "agent_name", "conversation__user_id")
    readonly_fields = ("agent",)
    fields = (
        "conversation",
        ("status", "outcome"),
        ("priority", "rule"),
        "reason",
        "agent",
        ("requested_at", "pending_since"),
        ("accepted_at", "closed_at"),
        "card",
        "public_id",
    )

    @display(description=_("Contact"))
    def who(self, handoff: Handoff) -> str:
        """Return the customer's number, or the visitor."""
        return shortened(handoff.conversation.user_id or handoff.conversation.visitor_id, 30)

    @display(
        description=_("Status"), ordering="status", label={"requested": "warning", "accepted": "primary"}
    )
    def stage(self, handoff: Handoff) -> tuple[str, str]:
        """Return how far the handoff is; a closed one says how it ended."""
        return handoff.status, handoff.get_outcome_display() or handoff.get_status_display()

    @display(
        description=_("Priority"),
        ordering="priority",
        label={"urgent": "danger", "high": "warning", "normal": "info"},
    )
    def urgency(self, handoff: Handoff) -> tuple[str, str]:
        """Return the priority as a label."""
        return handoff.priority, handoff.get_priority_display()

    @display(description=_("Reason"))
    def why(self, handoff: Handoff) -> str:
        """Return the reason, short enough for a row."""
        return shortened(handoff.reason, 50)

    @display(description=_("Agent"), ordering="agent_name")
    def agent(self, handoff: Handoff) -> str:
        """Return the agent's name."""
        return handoff.agent_name or "–"


tenant_site.register(Handoff, HandoffAdmin)
