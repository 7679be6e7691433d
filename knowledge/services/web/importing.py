"""Bring a document in from the web: fetched by a job, unchanged content makes no version."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kimono.lib.errors import Invalid, Refusal
from kimono.lib.jobs import JobFailed, JobRun, JobStopped, Result
from kimono.providers import fetching
from knowledge.models import Document
from knowledge.services import ingestion
from knowledge.services.documents import results, sources, uploading
from knowledge.services.documents.uploading import Facts
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor

JOB = "knowledge.fetch_url"


class UrlNotAllowed(Invalid):
    """The address is not one of the public internet."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, loc=["body", "url"], type="url_not_allowed", code="url_not_allowed")


@dataclass(frozen=True)
class Order:
    """What is to be fetched and what is to become of it; `refresh_hours` None leaves what was said before."""

    url: str
    source: str = ""
    publish: bool = True
    note: str = ""
    refresh_hours: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    validate: bool = False


def rules() -> fetching.Rules:
    """Return what may be fetched here."""
    return fetching.Rules(also=settings.FETCHED_ALSO)


def enqueue(*, order: Order, by: Actor) -> Job:
    """Have an address fetched. Raises `UrlNotAllowed` for one that is refused before anything is asked."""
    try:
        fetching.check(order.url, rules())
    except fetching.AddressNotAllowed as refusal:
        raise UrlNotAllowed(str(refusal)) from refusal
    except OSError:
        # A name that nobody knows now may be known when the job runs; if not, the job says so.
        pass
    known_as = sources.cleaned(order.source) or _source(order.url)
    with transaction.atomic():
        auditing.record(
            action="fetch_document",
            by=by,
            target_type="document",
            target_id="",
            details={"url": order.url, "source": known_as},
        )
        return jobs.enqueue(
            "knowledge.fetch_url",
            by=by.id,
            url=order.url,
            source=known_as,
            known_as=known_as,
            publish=order.publish,
            note=order.note,
            refresh_hours=order.refresh_hours,
            facts=order.facts,
            validate=order.validate,
            by_name=by.name,
        )


def _source(url: str) -> str:
    """Return the name of a document that has none but its address."""
    if len(url) <= sources.LONGEST:
        return url
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return f"{url[: sources.LONGEST - len(digest) - 1]}#{digest}"


def bring_in(run: JobRun, *, order: Order, by: Actor) -> Result:
    """Fetch and read a document; return the IngestResult. Raises `JobFailed`, `JobStopped`."""
    run.progress(0.0, stage="parsing")
    try:
        found = fetching.fetch(order.url, rules())
    except fetching.AddressNotAllowed as refusal:
        raise _failure(order, "url_not_allowed", str(refusal)) from refusal
    except fetching.FetchFailed as failure:
        raise _failure(order, "fetch_failed", str(failure)) from failure
    run.check()
    try:
        uploaded = uploading.upload(
            content=found.content,
            name=found.name,
            source=order.source,
            facts=_facts(order),
            publish=order.publish,
            note=order.note,
            by=by,
            enqueues=False,
        )
    except Refusal as refusal:
        raise _failure(order, refusal.code, _said(refusal)) from refusal
    version = uploaded.version
    _note(version.document_id, order)
    if uploaded.job is not None or version.is_indexed:
        return results.unchanged(version)
    try:
        return ingestion.ingest(
            run=run,
            version_id=version.pk,
            publish=order.publish,
            facts=order.facts,
            validate=order.validate,
        )
    except JobFailed as failure:
        _abandon(version.pk, failure.code, failure.message)
        raise
    except JobStopped as stop:
        if str(stop) == "cancelled":
            _abandon(version.pk, "cancelled", "")
        raise


def _abandon(version_id: int, code: str, message: str) -> None:
    with transaction.atomic():
        ingestion.abandon(code=code, message=message, version_id=version_id)


def _facts(order: Order) -> Facts:
    given = dict(order.facts)
    if "published_at" in given:
        given["published_at"] = datetime.fromisoformat(given["published_at"])
    return Facts(**given)


def _note(document_id: int, order: Order) -> None:
    """Keep where a document came from, and how often it is fetched again."""
    changes: dict[str, Any] = {"url": order.url, "fetched_at": timezone.now()}
    if order.refresh_hours is not None:
        changes["refresh_hours"] = order.refresh_hours
    Document.objects.filter(pk=document_id).update(**changes)


def _failure(order: Order, code: str, message: str) -> JobFailed:
    entry = {
        "source": order.source,
        "page": None,
        "sheet": None,
        "row": None,
        "code": code,
        "message": message,
    }
    return JobFailed(code, message, errors=[entry])


def _said(refusal: Refusal) -> str:
    detail = refusal.detail
    return str(detail[0]["msg"]) if isinstance(detail, list) and detail else str(detail)
