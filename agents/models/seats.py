"""Who answers, whether they are there, and how far they have read."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Seat(models.Model):
    """The place of one agent: a user of the merchant, or an agent of another system that a key speaks for.

    `chosen` is the presence that was last asked for. It holds while something is heard from the agent; a seat that
    has been silent for `KIMONO_PRESENCE_SECONDS` is offline, and is as it chose again once it is heard.
    """

    class Kind(models.TextChoices):
        """Who sits there."""

        USER = "user", _("User")
        EXTERNAL = "external", _("Of another system")

    class Presence(models.TextChoices):
        """Whether an agent takes conversations."""

        ONLINE = "online", _("Online")
        AWAY = "away", _("Away")
        OFFLINE = "offline", _("Offline")

    CAPACITY: ClassVar[int] = 10
    MOST_CAPACITY: ClassVar[int] = 50

    agent_id = models.CharField(_("agent ID"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    capacity = models.PositiveSmallIntegerField(_("conversations at once"), default=CAPACITY)
    chosen = models.CharField(_("presence"), max_length=8, choices=Presence.choices, default=Presence.OFFLINE)
    chosen_at = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(capacity__range=(1, 50)), name="seat_capacity_range"),
        ]

    def __str__(self) -> str:
        return self.name

    def presence(self, now: datetime) -> tuple[str, datetime]:
        """Return whether the agent is there, and since when."""
        if self.chosen == self.Presence.OFFLINE or self.seen_at is None:
            return self.Presence.OFFLINE, self.chosen_at
        silent_from = self.seen_at + timedelta(seconds=settings.PRESENCE_SECONDS)
        if silent_from <= now:
            return self.Presence.OFFLINE, silent_from
        return self.chosen, self.chosen_at


class ReadMark(models.Model):
    """How far an agent has read a conversation."""

    agent_id = models.CharField(max_length=64)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="read_marks"
    )
    seq = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "agent_id"], name="one_read_mark_per_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.seq}"
