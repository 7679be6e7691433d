"""The thread with one contact: its state, its counter, and what happens in it besides messages."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Priority(models.TextChoices):
    """How soon a person is wanted, most urgent first."""

    URGENT = "urgent", _("Urgent")
    HIGH = "high", _("High")
    NORMAL = "normal", _("Normal")
    INFO = "info", _("For information")


class Conversation(models.Model):
    """The thread with one contact; `public_id` is the wire's `session_id`.

    `last_seq` is the one counter of messages and events, raised under the row's lock. `epoch` grows with each
    change of handler: what began under another epoch is not committed. Messages up to `window_start_seq` belong to
    an earlier window, which the bot does not look back on.
    """

    class State(models.TextChoices):
        """Who answers; who may go where is in `TRANSITIONS`."""

        BOT = "bot", _("With the bot")
        PENDING = "pending", _("Waiting for a person")
        ASSIGNED = "assigned", _("With an agent")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Ended")

    class Channel(models.TextChoices):
        """Where the contact writes."""

        WEB = "web", _("Web")
        APP = "app", _("App")
        WECHAT = "wechat", _("WeChat")
        WECOM = "wecom", _("WeCom")
        DINGTALK = "dingtalk", _("DingTalk")
        API = "api", _("API")

    TRANSITIONS: ClassVar[dict[str, frozenset[str]]] = {
        State.BOT: frozenset({State.PENDING, State.ASSIGNED, State.CLOSED}),
        State.PENDING: frozenset({State.ASSIGNED, State.CLOSED}),
        State.ASSIGNED: frozenset({State.ASSIGNED, State.PENDING, State.BOT, State.RESOLVED, State.CLOSED}),
        State.RESOLVED: frozenset({State.BOT, State.CLOSED}),
        State.CLOSED: frozenset(),
    }
    HUMAN: ClassVar[frozenset[str]] = frozenset({State.PENDING, State.ASSIGNED})

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    contact = models.ForeignKey(
        "conversations.Contact",
        on_delete=models.PROTECT,
        related_name="conversations",
        verbose_name=_("contact"),
    )
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, default=Channel.WEB)
    user_id = models.CharField(_("customer number"), max_length=64, blank=True, default="")
    visitor_id = models.CharField(_("visitor"), max_length=64)
    user_verified = models.BooleanField(_("verified"), default=False)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.BOT)
    closed_from = models.CharField(_("state before the end"), max_length=10, blank=True, default="")
    epoch = models.PositiveIntegerField(_("changes of handler"), default=0)
    last_seq = models.PositiveIntegerField(_("last number"), default=0)
    window_start_seq = models.PositiveIntegerField(_("window starts after"), default=0)
    open_handoff = models.OneToOneField(
        "conversations.Handoff",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("open handoff"),
    )
    assigned_agent_id = models.CharField(_("agent ID"), max_length=64, blank=True, default="")
    assigned_agent_name = models.CharField(_("agent"), max_length=100, blank=True, default="")
    group_id = models.CharField(_("group"), max_length=64, blank=True, default="")
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices, blank=True, default="")
    tags = models.JSONField(_("tags"), default=list, blank=True)

    turn_count = models.PositiveIntegerField(_("turns"), default=0)
    failed_attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    down_votes = models.PositiveIntegerField(_("down votes"), default=0)
    emotion_score = models.FloatField(_("mood"), null=True, blank=True)
    # What clarification has gathered: values over all scenes, the scene under way, its open question.
    slots = models.JSONField(_("values known"), default=dict, blank=True)
    scene_id = models.CharField(_("scene"), max_length=64, blank=True, default="")
    asked_slot = models.CharField(_("value asked for"), max_length=64, blank=True, default="")
    asks = models.PositiveSmallIntegerField(_("times asked"), default=0)

    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    # From a key's `metadata.member_level` or a connector: what a visitor says of itself does not count.
    member_level = models.CharField(_("member level"), max_length=40, blank=True, default="")
    csat = models.PositiveSmallIntegerField(_("satisfaction"), null=True, blank=True)
    resolution_note = models.CharField(_("how it was resolved"), max_length=2000, blank=True, default="")
    # The visitor token's last use, kept to the minute: each use renews it.
    visitor_seen_at = models.DateTimeField(_("visitor seen at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    last_activity_at = models.DateTimeField(_("last activity"))
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    close_reason = models.CharField(_("reason of the end"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ("-last_activity_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "assigned"], open_handoff__isnull=False)
                | (~Q(state__in=["pending", "assigned"]) & Q(open_handoff__isnull=True)),
                name="conversation_handoff_iff_human",
            ),
            models.CheckConstraint(
                condition=(Q(state="assigned") & ~Q(assigned_agent_id=""))
                | (Q(state__in=["bot", "pending"]) & Q(assigned_agent_id=""))
                | Q(state__in=["resolved", "closed"]),
                name="conversation_agent_iff_assigned",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="conversation_closed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(window_start_seq__lte=F("last_seq")), name="conversation_window_within"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "last_activity_at"], name="conversation_by_state"),
            models.Index(fields=["user_id", "last_activity_at"], name="conversation_by_user"),
            models.Index(fields=["-last_activity_at", "-id"], name="conversation_recent"),
            models.Index(
                fields=["assigned_agent_id"], condition=~Q(assigned_agent_id=""), name="conversation_by_agent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.visitor_id} {self.public_id}"

    @property
    def agent_status(self) -> str | None:
        """Return the human side's state on the wire; of a closed conversation, the one it was closed from."""
        state = self.closed_from if self.state == self.State.CLOSED else self.state
        return None if state in ("", self.State.BOT) else state

    @property
    def is_human(self) -> bool:
        """Tell whether a person has the conversation or is awaited, so that the bot is silent."""
        return self.state in self.HUMAN


class ConversationEvent(models.Model):
    """Something that took a number of the conversation's counter and is no message."""

    class Audience(models.TextChoices):
        """Who may see it."""

        ALL = "all"
        AGENTS = "agents"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=16)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.ALL)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("seq",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="event_seq_once")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class FirstMessage(models.Model):
    """Which conversation a message without a session began, so that sending it again finds the same one."""

    principal = models.CharField(max_length=100)
    client_message_id = models.CharField(max_length=64)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["principal", "client_message_id"], name="first_message_once")
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.client_message_id}"
