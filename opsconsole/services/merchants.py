"""Merchants as an operator sees them; and new ones: the tenant and the first person who may sign in there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Max
from django.utils import timezone

from conversations.models import Conversation
from conversations.services.payloads import moment
from kimono.lib import db
from knowledge.models import QAPair
from tenants.models import Tenant
from tenants.people.models import User
from tenants.people.services import passwords
from tenants.services import hosts, provisioning
from tenants.services.auditing import Actor

_NOTHING = {"user_count": 0, "qa_pair_count": 0, "conversations_today": 0, "last_active_at": None}


def create(
    *,
    name: str,
    slug: str,
    preset: str,
    admin_username: str,
    admin_password: str,
    by: Actor,
) -> Tenant:
    """Write a merchant in state `creating` and start the job that makes it, with its first admin.

    Raises `Conflict` (`duplicate_name`), `Invalid` (`weak_password` naming `admin_password`, a reserved slug).
    """
    person = User(username=admin_username, role=User.Role.MERCHANT_ADMIN)
    passwords.check_strength(password=admin_password, user=person, field="admin_password")
    # The job keeps what it is given, so it is given the hash alone.
    first = {"username": admin_username, "password_hash": make_password(admin_password)}
    return provisioning.create(name=name, slug=slug, preset=preset, seed={"admin": first}, by=by)


def items(public_ids: Collection[str], *, now: datetime) -> dict[str, dict[str, Any]]:
    """Return merchants as lists show them (api.md 14.4), by public id; an unknown id is left out."""
    with db.public_scope(), db.platform_scope():
        found = list(Tenant.objects.filter(public_id__in=public_ids))
    return {tenant.public_id: item(tenant, now=now) for tenant in found}


def item(tenant: Tenant, *, now: datetime) -> dict[str, Any]:
    """Return one merchant as lists show it; where its schema is not to be read, with nothing counted."""
    return {
        "id": tenant.public_id,
        "name": tenant.name,
        "slug": tenant.slug,
        "namespace": tenant.schema_name,
        "host": hosts.host_of(tenant),
        "status": tenant.status,
        **(_counts(tenant, now) if tenant.is_routable else _NOTHING),
        "created_at": moment(tenant.created_at),
        "suspended_at": moment(tenant.suspended_at) if tenant.suspended_at else None,
        "suspended_reason": tenant.suspended_reason or None,
    }


def _counts(tenant: Tenant, now: datetime) -> dict[str, Any]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    with db.tenant_scope(tenant):
        last = Conversation.objects.aggregate(last=Max("last_activity_at"))["last"]
        return {
            "user_count": User.objects.count(),
            "qa_pair_count": QAPair.objects.filter(status=QAPair.Status.ACTIVE).count(),
            "conversations_today": Conversation.objects.filter(created_at__gte=midnight).count(),
            "last_active_at": moment(last) if last is not None else None,
        }
