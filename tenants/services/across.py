"""All tenants at once: one after the other for dispatchers that beat fires, in one statement for operators."""

import logging
import re
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from kimono.lib import db
from kimono.lib.errors import Missing
from tenants.models import Tenant
from tenants.services import hosts

log = logging.getLogger(__name__)
# A statement locks every table it names until it ends.
_SCHEMAS_AT_ONCE = 100
_VISIBLE = (Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED)
_QUOTED = re.compile(r'"(\w+)"')


def active_tenants() -> list[Tenant]:
    """Return the tenants that work now, the oldest first."""
    return _in_state(Tenant.Status.ACTIVE)


def tenants() -> list[Tenant]:
    """Return the tenants whose data can be looked at, suspended ones included, the oldest first."""
    return _in_state(*_VISIBLE)


def _in_state(*states: str) -> list[Tenant]:
    with db.public_scope(), db.platform_scope():
        return list(Tenant.objects.filter(status__in=states).order_by("created_at", "pk"))


def tenant_named(name: str) -> Tenant:
    """Return a tenant by its public id or short name. Raises `Missing`."""
    tenant = hosts.tenant_by_slug(name)
    if tenant is None:
        raise Missing
    return tenant


def owner_of(public_id: str) -> Tenant:
    """Return the tenant whose object a public id names, which its tag says. Raises `Missing`."""
    tag = public_id.rpartition("-")[2].replace("\x00", "")
    with db.public_scope(), db.platform_scope():
        found: Tenant | None = Tenant.objects.filter(tag=tag, status__in=_VISIBLE).first()
    if found is None:
        raise Missing
    return found


def for_each_active(function: Callable[[], object]) -> None:
    """Call `function` once for each tenant that works now; one that fails is logged and holds up no other."""
    for tenant in active_tenants():
        try:
            with db.tenant_scope(tenant):
                function()
        except Exception:
            log.exception("%s failed for %s", function.__qualname__, tenant.slug)


def rows(query: "QuerySet[Any, Any]") -> list[tuple[Tenant, tuple[Any, ...]]]:
    """Return what a query of tables of a tenant's schema finds in every tenant, each row with its tenant.

    `query` ends with `values_list`; its order and limit hold within a tenant. One `UNION ALL` for many schemas.
    """
    template, params = query.query.sql_with_params()
    found: list[tuple[Tenant, tuple[Any, ...]]] = []
    rest = iter(tenants())
    while batch := list(islice(rest, _SCHEMAS_AT_ONCE)):
        parts = [
            f"(SELECT {place}, part.* FROM ({_qualified(template, tenant.schema_name)}) part)"
            for place, tenant in enumerate(batch)
        ]
        with db.public_scope(), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), list(params) * len(batch))
            found.extend((batch[row[0]], tuple(row[1:])) for row in cursor.fetchall())
    return found


def values(query: "QuerySet[Any, Any]") -> list[tuple[Any, ...]]:
    """Return what a query finds in every tenant, as `rows`, without saying whose it is."""
    return [row for _, row in rows(query)]


def _qualified(template: str, schema: str) -> str:
    own, quoted = _tenant_tables(), connection.ops.quote_name(schema)
    return _QUOTED.sub(lambda match: f"{quoted}.{match[0]}" if match[1] in own else match[0], template)


@cache
def _tenant_tables() -> frozenset[str]:
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if apps.get_app_config(model._meta.app_label).name in settings.TENANT_APPS
    )
