"""Events going up: written with the change, delivered at least once, to consumers that remember what they have done."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from kimono.lib import db, events
from kimono.lib.events import Event
from kimono.lib.ids import platform_id
from tenants.models import OutboxEvent, Tenant
from tenants.services import ringing
from tenants.services.ownership import own_rows

log = logging.getLogger(__name__)
_BATCH = 100
_LONGEST_WAIT = timedelta(minutes=10)


def publish(event: Event) -> str:
    """Write `event` in the open transaction, ring after its commit, and return the event's id.

    Must be called in the transaction of the change: an event of a change that is rolled back never was.
    """
    with own_rows():
        row = OutboxEvent.objects.create(
            event_id=platform_id("evt"),
            tenant=db.current_tenant_or_none(),
            name=event.name,
            data=event.payload(),
            done_at=None if events.consumers(event.name) else timezone.now(),
        )
    if row.done_at is None:
        ringing.after_commit("tenants.dispatch_outbox", queue="beat")
    return row.event_id


def dispatch() -> int:
    """Hand waiting events to their consumers, oldest first, and return how many rows were looked at.

    For beat and the ring. Each row is locked while it is handled; a consumer that fails is tried again later
    with growing pauses, and holds back no other event.
    """
    seen = 0
    while seen < 50 * _BATCH:
        with db.platform_scope(), transaction.atomic():
            rows = list(
                OutboxEvent.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(done_at__isnull=True)
                .exclude(next_attempt_at__gt=timezone.now())
                .order_by("id")[:_BATCH]
            )
            for row in rows:
                _handle(row)
        seen += len(rows)
        if len(rows) < _BATCH:
            break
    return seen


def _handle(row: OutboxEvent) -> None:
    tenant = Tenant.objects.filter(pk=row.tenant_id).first() if row.tenant_id else None
    failed = False
    for name, function in events.consumers(row.name):
        if name in row.handled_by:
            continue
        try:
            scope = db.tenant_scope(tenant) if tenant is not None else db.public_scope()
            with transaction.atomic(), scope:
                function({"event_id": row.event_id, "event": row.name, **row.data})
        except Exception:
            failed = True
            log.exception("consumer %s failed on %s", name, row.event_id)
        else:
            row.handled_by = [*row.handled_by, name]
    row.attempts += 1
    if failed:
        row.next_attempt_at = timezone.now() + min(timedelta(seconds=2**row.attempts), _LONGEST_WAIT)
    else:
        row.done_at = timezone.now()
    row.save()
