"""Who makes room when every process of the worker is taken: the second long job of a merchant, never its first."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from kimono.lib import db
from tenants.models import Job

# Work that takes long: files, folders, indexes.
LONG_QUEUES = ("ingest", "bulk")
# A job that waits longer than this found no free process; one that began less long ago is about to end by itself.
PATIENCE_SECONDS = 2.0

_WAITS_IN_VAIN = """
    SELECT EXISTS (
        SELECT FROM tenants_job mine
         WHERE mine.tenant_id = %(tenant)s AND mine.status = 'running' AND mine.queue = ANY(%(queues)s)
           AND mine.id < %(job)s
    ) AND EXISTS (
        SELECT FROM tenants_job other JOIN tenants_tenant t ON t.id = other.tenant_id
         WHERE other.status = 'queued' AND other.queue = ANY(%(queues)s) AND other.tenant_id <> %(tenant)s
           AND t.status = 'active' AND coalesce(other.run_after, other.created_at) <= %(before)s
           AND NOT EXISTS (SELECT FROM tenants_job busy WHERE busy.tenant_id = other.tenant_id
               AND busy.status = 'running' AND busy.queue = ANY(%(queues)s))
    )
"""


def must_make_room(job: Job) -> bool:
    """Tell whether a running job must give its process up: it is not its merchant's first, and another merchant has none.

    Without this two files that stall their parsers would keep everybody else waiting until their time is up.
    """
    if job.queue not in LONG_QUEUES or job.tenant_id is None:
        return False
    values: dict[str, Any] = {
        "tenant": job.tenant_id,
        "job": job.pk,
        "queues": list(LONG_QUEUES),
        "before": timezone.now() - timedelta(seconds=PATIENCE_SECONDS),
    }
    with db.public_scope(), db.platform_scope(), connection.cursor() as cursor:
        cursor.execute(_WAITS_IN_VAIN, values)
        row = cursor.fetchone()
    return bool(row and row[0])
