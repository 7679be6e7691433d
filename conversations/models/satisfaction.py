"""How content contacts were with the people who answered them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Satisfaction(models.Model):
    """A contact's rating of one handoff; of the conversation, where no person was asked for."""

    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.CASCADE,
        related_name="ratings",
        verbose_name=_("conversation"),
    )
    handoff = models.OneToOneField(
        "conversations.Handoff",
        on_delete=models.CASCADE,
        related_name="rating",
        null=True,
        blank=True,
        verbose_name=_("handoff"),
    )
    agent_id = models.CharField(_("agent ID"), max_length=64, blank=True, default="", db_index=True)
    score = models.PositiveSmallIntegerField(_("score"))
    resolved = models.BooleanField(_("resolved"), null=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("satisfaction rating")
        verbose_name_plural = _("satisfaction ratings")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="satisfaction_range"),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(handoff__isnull=True),
                name="one_rating_without_handoff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score}"
