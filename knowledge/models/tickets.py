"""Cases of contacts, to be worked on and learned from."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Ticket(models.Model):
    """One case: written by an agent, brought in from another system, or left by a conversation that was resolved."""

    class Status(models.TextChoices):
        """How far it is; it only goes forward, in this order."""

        PENDING = "pending", _("Open")
        PROCESSING = "processing", _("In progress")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")

    class Category(models.TextChoices):
        """What it is about (api.md 7)."""

        AFTER_SALE = "after_sale", _("After sale")
        LOGISTICS = "logistics", _("Logistics")
        PRODUCT = "product", _("Product")
        ACCOUNT = "account", _("Account")
        COMPLAINT = "complaint", _("Complaint")
        OTHER = "other", _("Other")

    class Priority(models.TextChoices):
        """How soon it is wanted."""

        URGENT = "urgent", _("Urgent")
        HIGH = "high", _("High")
        NORMAL = "normal", _("Normal")
        INFO = "info", _("For information")

    class Source(models.TextChoices):
        """Where it came from."""

        AGENT = "agent", _("Written by an agent")
        SESSION = "session", _("A resolved conversation")
        IMPORT = "import", _("Imported")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), max_length=5000, blank=True, default="")
    category = models.CharField(
        _("category"), max_length=12, choices=Category.choices, default=Category.OTHER
    )
    priority = models.CharField(
        _("priority"), max_length=8, choices=Priority.choices, default=Priority.NORMAL
    )
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PENDING)
    resolution = models.TextField(_("how it was resolved"), max_length=5000, blank=True, default="")
    user_id = models.CharField(_("customer number"), max_length=64, blank=True, default="")
    session_id = models.CharField(_("conversation"), max_length=64, blank=True, default="")
    related_order = models.CharField(_("order"), max_length=100, blank=True, default="")
    related_product = models.CharField(_("product"), max_length=100, blank=True, default="")
    contact = models.CharField(_("how to reach"), max_length=200, blank=True, default="")
    source = models.CharField(_("origin"), max_length=8, choices=Source.choices, default=Source.AGENT)
    # The handoff, or other happening, that left it: told twice, it leaves one ticket.
    source_key = models.CharField(
        _("left by"), max_length=80, null=True, blank=True, unique=True, editable=False
    )
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("-created_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["status", "-created_at"], name="ticket_by_status"),
            models.Index(fields=["user_id", "-created_at"], name="ticket_by_user"),
        ]

    def __str__(self) -> str:
        return self.title
