"""Documents that are fetched again from time to time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value

from kimono.lib import db
from knowledge.models import Document
from knowledge.services.web.importing import JOB
from tenants.models import Job, Tenant
from tenants.services import jobs

# So many of one merchant in one go; the rest is due at the next.
MOST_AT_ONCE = 50
_HOUR = Value(timedelta(hours=1), output_field=DurationField())


def due(*, now: datetime) -> "QuerySet[Document, tuple[Any, ...]]":
    """Return the ids of the documents of a merchant whose time has come, those that wait longest first."""
    return _due(now).order_by("fetched_at").values_list("public_id")[:MOST_AT_ONCE]


def _due(now: datetime) -> "QuerySet[Document]":
    since = ExpressionWrapper(
        F("fetched_at") + ExpressionWrapper(F("refresh_hours") * _HOUR, output_field=DurationField()),
        output_field=Document._meta.get_field("fetched_at").__class__(),
    )
    return (
        Document.objects.annotate(due_at=since)
        .filter(refresh_hours__gt=0, due_at__lte=now, status=Document.Status.ACTIVE)
        .exclude(url="")
    )


def start(*, tenant: Tenant, doc_ids: Sequence[str], now: datetime) -> int:
    """Enqueue the fetching of a merchant's documents and return of how many; one that is under way is left alone."""
    started = 0
    with db.tenant_scope(tenant):
        for doc_id in doc_ids:
            with transaction.atomic():
                document = Document.objects.select_for_update(no_key=True).filter(public_id=doc_id).first()
                if document is None or not _due(now).filter(pk=document.pk).exists():
                    continue
                # Counted from the asking: what cannot be fetched is not asked for again at once.
                Document.objects.filter(pk=document.pk).update(fetched_at=now)
                if _is_under_way(document):
                    continue
                jobs.enqueue(
                    "knowledge.fetch_url",
                    doc_id=doc_id,
                    url=document.url,
                    source=document.source,
                    known_as=document.source,
                    publish=True,
                    note="",
                    refresh_hours=None,
                    facts={},
                )
                started += 1
    return started


def _is_under_way(document: Document) -> bool:
    live = Job.objects.filter(name=JOB, status__in=[Job.Status.QUEUED, Job.Status.RUNNING])
    return live.filter(source=document.source).exists()
