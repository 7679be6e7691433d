"""Background doors of this floor: handlers of its jobs, and what beat starts."""

import itertools
from typing import Any

from asgiref.sync import async_to_sync
from django.utils import timezone

from kimono.lib import files
from kimono.lib.jobs import JobRun, Result, job
from kimono.lib.queue import app
from knowledge.schemas.qa_pairs import show_report
from knowledge.services import fitting, ingestion, reindexing, syncing, upkeep
from knowledge.services.documents.uploading import JOB as INGEST_VERSION
from knowledge.services.evaluation import running
from knowledge.services.folders import updating
from knowledge.services.qa_pairs import importing
from knowledge.services.web import importing as importing_pages
from knowledge.services.web import refreshing
from tenants.services import across, jobs
from tenants.services.auditing import SYSTEM, Actor


@job(INGEST_VERSION, queue="ingest", kind="ingest", abandoned=ingestion.abandon)
def ingest_version(
    run: JobRun, *, version_id: int, publish: bool, facts: dict[str, Any], validate: bool = False
) -> Result:
    """Read an uploaded file and put it on show."""
    return ingestion.ingest(run=run, version_id=version_id, publish=publish, facts=facts, validate=validate)


@job(importing_pages.JOB, queue="ingest", kind="ingest")
def fetch_url(
    run: JobRun,
    *,
    url: str,
    known_as: str,
    publish: bool,
    note: str,
    refresh_hours: int | None,
    facts: dict[str, Any],
    validate: bool = False,
    by_name: str = "",
) -> Result:
    """Fetch a document from the web, and read it when it is new."""
    order = importing_pages.Order(
        url=url,
        source=known_as,
        publish=publish,
        note=note,
        refresh_hours=refresh_hours,
        facts=facts,
        validate=validate,
    )
    return importing_pages.bring_in(run, order=order, by=_starter(run, by_name))


@job("knowledge.import_pairs", queue="ingest", kind="import")
def import_pairs(
    run: JobRun,
    *,
    file_key: str,
    name: str,
    dry_run: bool,
    mode: importing.Mode,
    by_name: str = "",
) -> Result:
    """Import the QA pairs of a stored file."""
    run.progress(0.0, stage="parsing")
    report = async_to_sync(importing.run)(
        content=files.read(file_key),
        name=name,
        dry_run=dry_run,
        mode=mode,
        by=_starter(run, by_name),
        told=run.progress,
    )
    return show_report(report, job_id=run.job_id)


def _starter(run: JobRun, name: str) -> Actor:
    """Return who started a job, as the actor of what it writes."""
    identity = jobs.get(run.job_id).created_by
    if not identity:
        return SYSTEM
    return Actor(kind="user" if identity.startswith("usr-") else "key", id=identity, name=name)


@job(upkeep.SYNC, queue="bulk", kind="sync")
def sync(run: JobRun, *, limit: int | None, full: bool) -> Result:
    """Make the vectors that are missing."""
    return syncing.run(run, limit=limit, full=full)


@job(upkeep.REINDEX, queue="bulk", kind="reindex")
def reindex(run: JobRun) -> Result:
    """Make the vectors of another encoder, and search them once all are there."""
    return reindexing.run(run)


@job(upkeep.TIDY, queue="bulk", kind="maintenance")
def tidy_index(run: JobRun) -> Result:
    """Put the search index in order."""
    return upkeep.tidy(run)


@job(fitting.JOB, queue="bulk", kind="maintenance")
def calibrate(run: JobRun) -> Result:
    """Fit scores and threshold to the merchant's own questions."""
    return fitting.fit(run)


@job(updating.FULL, queue="bulk", kind="update_full")
def update_full(run: JobRun, *, dir_path: str, extensions: list[str], by_name: str = "") -> Result:
    """Bring the knowledge up to a folder, and delete what came from it and is gone."""
    return updating.run(run, mode="full", dir_path=dir_path, extensions=extensions, by=_starter(run, by_name))


@job(updating.INCREMENTAL, queue="bulk", kind="update_incremental")
def update_incremental(run: JobRun, *, dir_path: str, extensions: list[str], by_name: str = "") -> Result:
    """Take in what is new in a folder or has changed."""
    return updating.run(
        run, mode="incremental", dir_path=dir_path, extensions=extensions, by=_starter(run, by_name)
    )


@job(running.JOB, queue="bulk", kind="evaluation", abandoned=running.abandon)
def evaluate(run: JobRun, *, report_id: str) -> Result:
    """Ask the questions of a test set and judge what is answered."""
    return running.run(run, report_id=report_id)


@app.task(name="knowledge.fetch_again", public=True)
def fetch_again() -> None:
    """Fetch the documents of all merchants again that are due."""
    due = across.rows(refreshing.due(now=timezone.now()))
    for tenant, ids in itertools.groupby(due, key=lambda row: row[0]):
        refreshing.start(tenant=tenant, doc_ids=[row[1][0] for row in ids], now=timezone.now())


@app.task(name="knowledge.look_after", public=True)
def look_after() -> None:
    """Start what any merchant's index needs."""
    across.for_each_active(upkeep.start_due)
