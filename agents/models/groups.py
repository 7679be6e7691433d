"""Groups of agents who can do the same."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Group(models.Model):
    """Agents with a skill in common; a conversation that waits in a group waits for one of them."""

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=50, unique=True)
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    seats = models.ManyToManyField("agents.Seat", related_name="groups", blank=True, verbose_name=_("agents"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name
