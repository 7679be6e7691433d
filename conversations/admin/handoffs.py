"""Handoffs from the bot to a person, to be looked at."""

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from conversations.models import Handoff
from tenants.admin import ReadOnlyAdmin, shortened, tenant_site

RULES = {
    "user_request": _("The contact asked for a person"),
    "failed_threshold": _("Several attempts failed"),
    "emotion": _("The contact is upset"),
    "dissatisfied": _("The contact is not content with the answer"),
    "no_answer": _("The knowledge has no answer"),
    "business_unavailable": _("The business system cannot be reached"),
    "takeover": _("An agent took over"),
}


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
    readonly_fields = ("agent", "cause", "told")
    fields = (
        "conversation",
        ("status", "outcome"),
        ("priority", "cause"),
        "reason",
        "agent",
        ("requested_at", "pending_since"),
        ("accepted_at", "closed_at"),
        "told",
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

    @display(description=_("Rule"))
    def cause(self, handoff: Handoff) -> str:
        """Return the rule that brought in a person, in people's words."""
        return str(RULES.get(handoff.rule, handoff.rule))

    @display(description=_("What the agent is told"))
    def told(self, handoff: Handoff) -> str:
        """Return the card's summary, what was tried and the values that are known."""
        card = handoff.card
        tried = "\n".join(str(each) for each in card.get("attempted_solutions") or ())
        known = "\n".join(f"{name}: {value}" for name, value in (card.get("slots") or {}).items())
        parts = ((_("Summary"), card.get("summary")), (_("Tried"), tried), (_("Known"), known))
        return format_html(
            '<dl class="kimono-card">{}</dl>',
            format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((name, text) for name, text in parts if text)),
        )


tenant_site.register(Handoff, HandoffAdmin)
