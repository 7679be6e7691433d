"""Who writes in."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Contact(models.Model):
    """A person who writes in: known to the merchant by `user_id`, or only as a visitor of a page.

    A `user_id` is `verified` when a key or a signature vouches for it; only then does it stand for one contact.
    """

    visitor_id = models.CharField(_("visitor"), max_length=64, unique=True)
    user_id = models.CharField(_("customer number"), max_length=64, blank=True, default="")
    verified = models.BooleanField(_("verified"), default=False)
    created_at = models.DateTimeField(_("created at"))
    last_seen_at = models.DateTimeField(_("last seen at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user_id"], condition=Q(verified=True) & ~Q(user_id=""), name="contact_once_per_user"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["user_id"], name="contact_by_user")]

    def __str__(self) -> str:
        return self.user_id or self.visitor_id
