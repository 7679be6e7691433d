"""A tenant (a merchant), its hosts, and the structure its schema is made from."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    """A merchant: one PostgreSQL schema. The row stays as a tombstone when the merchant is deleted."""

    class Status(models.TextChoices):
        """Life cycle; who may go where is in `TRANSITIONS`."""

        CREATING = "creating", _("Being made")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        MIGRATING = "migrating", _("Being updated")
        FAILED = "failed", _("Failed")
        DELETED = "deleted", _("Deleted")

    TRANSITIONS: ClassVar[dict[str, frozenset[str]]] = {
        Status.CREATING: frozenset({Status.ACTIVE, Status.FAILED, Status.DELETED}),
        Status.FAILED: frozenset({Status.CREATING, Status.DELETED}),
        Status.ACTIVE: frozenset({Status.SUSPENDED, Status.MIGRATING, Status.DELETED}),
        Status.SUSPENDED: frozenset({Status.ACTIVE, Status.MIGRATING, Status.DELETED}),
        Status.MIGRATING: frozenset({Status.ACTIVE, Status.SUSPENDED, Status.FAILED}),
        Status.DELETED: frozenset(),
    }

    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(_("key"), primary_key=True, default=uuid.uuid4, editable=False)
    public_id = models.CharField(_("ID"), max_length=40, unique=True)
    tag = models.CharField(_("tag"), max_length=8, unique=True)
    slug = models.SlugField(_("short name"), max_length=31, unique=True)
    name = models.CharField(_("name"), max_length=100, unique=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.CREATING)
    # What to return to when a migration is done.
    status_before = models.CharField(_("status before"), max_length=12, blank=True, default="")
    failure = models.TextField(_("failure"), blank=True, default="")
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    suspended_reason = models.CharField(_("reason of suspension"), max_length=500, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"

    @property
    def is_routable(self) -> bool:
        """Tell whether a host or key may lead here; a schema without its tables would fall through to `public`."""
        return self.status in (self.Status.ACTIVE, self.Status.SUSPENDED)

    def serializable_fields(self) -> Any:
        """Return the tenant itself; django-tenants hands it to its signals."""
        return self


class Domain(DomainMixin):
    """A host name of a tenant, lower case, without port."""


class SchemaTemplate(models.Model):
    """The SQL that makes a tenant's empty schema, dumped from a schema that was migrated in full.

    `fingerprint` names the set of migrations it stands for; `{{schema}}` marks where the name goes.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    sql = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
