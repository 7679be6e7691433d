"""Conversations with their messages and turns, to be looked at."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from conversations.admin.turns import intent_in_words
from conversations.models import Conversation, Message, Turn
from tenants.admin import ReadOnlyAdmin, ReadOnlyInline, percent_bar, shortened, tenant_site

STATE_COLOURS = {"bot": "info", "pending": "warning", "assigned": "primary", "resolved": "success"}


class MessageInline(ReadOnlyInline):
    """What was said, in order."""

    model = Message
    fields = ("seq", "author_name", "kind", "words", "sources", "created_at")
    readonly_fields = fields
    ordering = ("seq",)
    per_page = 50
    hide_title = True

    @display(description=_("Author"))
    def author_name(self, message: Message) -> str:
        """Return who wrote it; an agent by name."""
        return message.agent_name or message.get_author_display()

    @display(description=_("Content"))
    def words(self, message: Message) -> str:
        """Return the text with its lines."""
        return format_html('<div class="kimono-words">{}</div>', message.content)

    @display(description=_("Sources"))
    def sources(self, message: Message) -> str:
        """Return how many sources are cited."""
        return str(len(message.citations)) if message.citations else "–"


class TurnInline(ReadOnlyInline):
    """What was done to answer, message by message."""

    model = Turn
    fields = (
        "opened",
        "result",
        "meant",
        "sureness",
        "model_used",
        "duration_ms",
        "first_token_ms",
        "created_at",
    )
    readonly_fields = fields
    ordering = ("id",)
    per_page = 50
    hide_title = True

    @display(description=_("Number"))
    def opened(self, turn: Turn) -> str:
        """Return the turn's number, a link to its steps."""
        page = reverse("merchant:conversations_turn_change", args=[turn.pk])
        return format_html('<a class="kimono-link" href="{}">{}</a>', page, turn.number)

    @display(description=_("Outcome"))
    def result(self, turn: Turn) -> str:
        """Return the outcome, or how far the turn is."""
        return turn.get_outcome_display() or turn.get_status_display()

    @display(description=_("Intent"))
    def meant(self, turn: Turn) -> str:
        """Return the intent in people's words."""
        return intent_in_words(turn.intent)

    @display(description=_("Confidence"))
    def sureness(self, turn: Turn) -> str:
        """Return the confidence as a bar."""
        return percent_bar(turn.confidence)


class ConversationAdmin(ReadOnlyAdmin):
    """Conversations, the latest first."""

    list_display = ("who", "now", "channel", "turn_count", "failed_attempts", "agent", "last_activity_at")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("last_activity_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("public_id", "user_id", "visitor_id", "messages__content")
    search_help_text = _("Searches in messages, customer numbers and IDs")
    date_hierarchy = None
    inlines = (MessageInline, TurnInline)
    readonly_fields = ("who", "agent")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("who", "channel"),
                    ("state", "priority"),
                    ("agent", "member_level"),
                    ("turn_count", "failed_attempts"),
                    ("created_at", "last_activity_at"),
                    ("closed_at", "close_reason"),
                    ("csat", "public_id"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Return the conversations with their contacts."""
        rows: QuerySet[Conversation] = super().get_queryset(request).select_related("contact")
        return rows

    @display(description=_("Contact"), ordering="user_id")
    def who(self, conversation: Conversation) -> str:
        """Return the customer's number, or the visitor."""
        return shortened(conversation.user_id or conversation.visitor_id, 30)

    @display(description=_("State"), ordering="state", label=STATE_COLOURS)
    def now(self, conversation: Conversation) -> tuple[str, str]:
        """Return the state as a label."""
        return conversation.state, conversation.get_state_display()

    @display(description=_("Agent"), ordering="assigned_agent_name")
    def agent(self, conversation: Conversation) -> Any:
        """Return the agent's name."""
        return conversation.assigned_agent_name or "–"


tenant_site.register(Conversation, ConversationAdmin)
