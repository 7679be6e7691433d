"""Counting: `add` where something happens, read from minutes that are rolled up later."""

from django.db import connection, transaction
from django.utils import timezone

from kimono.lib import db
from tenants.models import MetricPoint
from tenants.services.ownership import own_rows


def add(name: str, value: float = 1.0) -> None:
    """Add `value` to a metric of the tenant in force (or of the platform). Append-only, never waits for a lock."""
    with own_rows():
        MetricPoint.objects.create(
            tenant=db.current_tenant_or_none(), name=name, value=value, at=timezone.now()
        )


_ROLL_UP = """
    WITH moved AS (
        DELETE FROM tenants_metricpoint WHERE id IN (
            SELECT id FROM tenants_metricpoint ORDER BY id LIMIT 50000 FOR UPDATE SKIP LOCKED)
        RETURNING tenant_id, name, date_trunc('minute', at) AS minute, value
    ), sums AS (
        SELECT tenant_id, name, minute, sum(value) AS total, count(*) AS n, max(value) AS largest
          FROM moved GROUP BY 1, 2, 3
    )
    INSERT INTO tenants_metricminute (tenant_id, name, minute, total, count, largest)
    SELECT tenant_id, name, minute, total, n, largest FROM sums
    ON CONFLICT (tenant_id, name, minute) DO UPDATE SET
        total = tenants_metricminute.total + excluded.total,
        count = tenants_metricminute.count + excluded.count,
        largest = greatest(tenants_metricminute.largest, excluded.largest)
"""


def roll_up() -> int:
    """Move waiting points into their minutes, in one statement; return how many minutes were touched."""
    with db.public_scope(), db.platform_scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ROLL_UP)
        return int(cursor.rowcount)
