"""What became of an upload: its result on success, its refusal on failure."""

import asyncio
from typing import Any

from kimono.lib.errors import Conflict, Invalid, Refusal, Unsupported
from kimono.lib.threads import in_thread
from kimono.providers import parsing
from knowledge.models import Version
from tenants.models import Job
from tenants.services import jobs

# A synchronous upload waits this long for its job; then the caller gets the job to watch.
WAIT_SECONDS = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.4


class Unreadable(Invalid):
    """Nothing could be read from an uploaded file; one entry per place that is known."""

    def __init__(self, code: str, errors: list[dict[str, Any]]) -> None:
        super().__init__("", code=code)
        self.detail = [
            {"loc": ["form", "file"], "msg": placed(error), "type": error["code"]} for error in errors
        ]


def placed(error: dict[str, Any]) -> str:
    """Return an error's message with the page, sheet or row it is about, where the message does not name it already."""
    message = str(error["message"])
    places = [
        f"{name} {error[name]}"
        for name in ("page", "sheet", "row")
        if error.get(name) is not None and str(error[name]) not in message
    ]
    return f"{', '.join(places)}: {message}" if places else message


def ingest_result(
    version: Version,
    *,
    status: str,
    chunk_count: int,
    added: int,
    seconds: float,
    job_id: str | None,
) -> dict[str, Any]:
    """Return the IngestResult of api.md 6.2.

    `embedding_mode` is `model` when every chunk has a vector, whoever made it, and `fallback` while chunks are found
    by their words alone.
    """
    document = version.document
    return {
        "doc_id": document.public_id,
        "source": document.source,
        "version": version.label,
        "status": status,
        "chunk_count": chunk_count,
        "total_chunks": chunk_count,
        "added_chunks": added,
        "deduped_chunks": chunk_count - added,
        "duration_seconds": round(seconds, 3),
        "doc_hash": version.doc_hash,
        "embedding_mode": "model" if version.is_synced else "fallback",
        "quality_report": None,
        "errors": version.errors,
        "error": None,
        "job_id": job_id,
    }


def unchanged(version: Version) -> dict[str, Any]:
    """Return the result of an upload that brought nothing new."""
    return ingest_result(
        version,
        status="unchanged",
        chunk_count=version.chunks.count(),
        added=0,
        seconds=0.0,
        job_id=None,
    )


def repeated(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result for an upload that waited for the same file being read already: it added nothing itself."""
    return {**result, "status": "unchanged", "added_chunks": 0, "deduped_chunks": result["chunk_count"]}


async def outcome(job_id: str, *, wait_seconds: float | None = None) -> Job:
    """Wait until a job has ended, or for `wait_seconds`, and return it as it is then; no connection is held."""
    loop = asyncio.get_running_loop()
    until = loop.time() + (WAIT_SECONDS if wait_seconds is None else wait_seconds)
    pause = _FIRST_PAUSE
    while True:
        job = await in_thread(jobs.get, job_id)
        if job.status in Job.FINAL or loop.time() + pause > until:
            return job
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE)


def refusal_of(job: Job) -> Refusal:
    """Return the refusal that a job's failure is to somebody who waited for it."""
    if job.status == Job.Status.CANCELLED:
        return Conflict("The upload was cancelled.")
    errors: list[dict[str, Any]] = list(job.errors)
    code = errors[0]["code"] if errors else "internal"
    if code == Unsupported.code:
        return Unsupported(errors[0]["message"], supported=parsing.supported())
    if code in ("unreadable_file", "archive_bomb"):
        return Unreadable(code, errors)
    return Refusal()
