"""Uploading and working off jobs inside a test's own process."""

from typing import Any

from kimono.lib import db
from tenants.services import auditing, jobs

BY = auditing.Actor(kind="key", id="key-test", name="test")


def upload(text: str | bytes, source: str = "rules.md", **options: Any) -> Any:
    """Upload a text as a document of the tenant in force."""
    from knowledge.services.documents import uploading

    content = text.encode() if isinstance(text, str) else text
    return uploading.upload(content=content, name=source, by=BY, **options)


def work(queue: str = "ingest", most: int = 1000) -> int:
    """Run what waits in a queue, one job after the other, and return how many were run; afterwards no run is waited for."""
    from tenants.models import Job

    scope = db.scope_or_none()
    done = 0
    while done < most and jobs.run_next(queue):
        done += 1
        with db.public_scope(), db.platform_scope():
            Job.objects.filter(status="queued").update(run_after=None)
    db.set_scope(scope)
    return done


def ingested(text: str | bytes, source: str = "rules.md", **options: Any) -> Any:
    """Upload a text, read it, and return its version."""
    version = upload(text, source, **options).version
    work()
    version.refresh_from_db()
    version.document.refresh_from_db()
    return version


def found(query: str, **options: Any) -> list[str]:
    """Return the chunks that search finds, best first."""
    from asgiref.sync import async_to_sync

    from knowledge.services import retrieval, tuning, visibility

    hits = async_to_sync(retrieval.search)(
        query=query,
        limit=10,
        view=visibility.view_of(),
        params=tuning.effective(),
        ref="test",
        kind="chunk",
        **options,
    )
    return [passage.text for passage in hits.passages]
