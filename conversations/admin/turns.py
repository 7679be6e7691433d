"""One turn with its steps: what was done to answer one message."""

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from conversations.forms import INTENTS
from conversations.models import Step, Turn
from tenants.admin import ReadOnlyAdmin, ReadOnlyInline, percent_bar, shortened, tenant_site

OUTCOME_COLOURS = {
    "answered": "success",
    "asked": "info",
    "refused": "danger",
    "small_talk": "info",
    "transferred": "warning",
    "human": "primary",
    "taken_over": "primary",
    "stopped": "warning",
    "failed": "danger",
}
# The steps of api.md 11, in people's words.
STEPS = {
    "recognize_intent": _("Recognise the intent"),
    "slot_check": _("Check what is still needed"),
    "rewrite_query": _("Complete the question"),
    "cache_lookup": _("Look into the cache"),
    "retrieve": _("Search"),
    "rerank": _("Rank"),
    "stream_first_token": _("First token"),
    "generate": _("Write the answer"),
    "verify_citations": _("Check the sources"),
    "business_call": _("Ask the business system"),
    "escalate": _("Hand over"),
}


class StepInline(ReadOnlyInline):
    """The timed stages of a turn."""

    model = Step
    fields = ("order", "stage", "duration_ms", "went", "read", "wrote")
    readonly_fields = fields
    hide_title = True

    @display(description=_("Step"))
    def stage(self, step: Step) -> str:
        """Return the step's name in people's words."""
        return str(STEPS.get(step.name, step.name))

    @display(description=_("Status"))
    def went(self, step: Step) -> str:
        """Return the status in people's words."""
        return str(_STATUS.get(step.status, step.status))

    @display(description=_("Input"))
    def read(self, step: Step) -> str:
        """Return what went in."""
        return format_html('<div class="kimono-words">{}</div>', step.input_summary or "–")

    @display(description=_("Output"))
    def wrote(self, step: Step) -> str:
        """Return what came out."""
        return format_html('<div class="kimono-words">{}</div>', step.output_summary or "–")


_STATUS = {
    "success": _("Succeeded"),
    "failed": _("Failed"),
    "error": _("Failed"),
    "degraded": _("Degraded"),
    "skipped": _("Skipped"),
    "cancelled": _("Cancelled"),
}


def intent_in_words(intent: str) -> str:
    """Return an intent of api.md 4.4 in people's words."""
    return str(INTENTS.get(intent, intent)) or "–"


class TurnAdmin(ReadOnlyAdmin):
    """Reached from its conversation; not in the navigation."""

    list_display = ("asked", "result", "sureness", "model_used", "duration_ms", "cost_cny", "created_at")
    list_select_related = ("user_message",)
    search_fields = ("trace_id", "user_message__content")
    inlines = (StepInline,)
    readonly_fields = ("asked_in_full", "replied", "meant", "sureness")
    fields = (
        "asked_in_full",
        "rewritten",
        "replied",
        ("status", "outcome"),
        ("meant", "sureness"),
        ("model_used", "knowledge_version"),
        ("duration_ms", "first_token_ms"),
        ("tokens_input", "tokens_output", "cost_cny"),
        ("degraded", "error"),
        "trace_id",
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep turns out of lists of tables: a turn is part of a conversation."""
        return False

    @display(description=_("Question"))
    def asked(self, turn: Turn) -> str:
        """Return the message, short enough for a row."""
        return shortened(turn.user_message.content, 60)

    @display(description=_("Question"))
    def asked_in_full(self, turn: Turn) -> str:
        """Return the message."""
        return turn.user_message.content

    @display(description=_("Reply"))
    def replied(self, turn: Turn) -> str:
        """Return the reply."""
        return turn.reply.content if turn.reply is not None else "–"

    @display(description=_("Outcome"), label=OUTCOME_COLOURS)
    def result(self, turn: Turn) -> tuple[str, str]:
        """Return the outcome as a label."""
        return turn.outcome or turn.status, turn.get_outcome_display() or turn.get_status_display()

    @display(description=_("Intent"))
    def meant(self, turn: Turn) -> str:
        """Return the intent in people's words."""
        return intent_in_words(turn.intent)

    @display(description=_("Confidence"))
    def sureness(self, turn: Turn) -> str:
        """Return the confidence as a bar."""
        return percent_bar(turn.confidence)


tenant_site.register(Turn, TurnAdmin)
