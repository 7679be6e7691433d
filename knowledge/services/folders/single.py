"""One file of the merchant's folder, taken in as if it were uploaded."""

from typing import Any

from django.db import transaction

from kimono.lib.errors import Invalid, TooLarge, Unsupported
from kimono.providers import parsing
from knowledge.services.documents import results, uploading
from knowledge.services.documents.uploading import Facts, Upload
from knowledge.services.folders import paths, updating
from knowledge.services.folders.updating import Tally
from tenants.models import Job
from tenants.services.auditing import Actor


def upload(*, file_path: str, facts: Facts, by: Actor) -> tuple[Upload, Tally]:
    """Take a file in and return it with the tally of its update. Raises `PathNotAllowed`, `Missing`, `Invalid`."""
    where = paths.place(file_path, field="file_path")
    if not paths.has_extension(where.source, paths.EXTENSIONS):
        raise Invalid("is no type of file that can be read", loc=["body", "file_path"])
    try:
        content = paths.read(where)
        known = updating.is_known(where.source)
        with transaction.atomic():
            uploaded = uploading.upload(content=content, name=where.source, facts=facts, by=by)
            updating.mark(where.source)
    except (Unsupported, TooLarge, parsing.UnreadableFile) as refusal:
        raise Invalid(
            str(refusal.detail), loc=["body", "file_path"], type="unreadable_file", code="unreadable_file"
        ) from refusal
    tally = Tally("file")
    new = uploaded.job is not None and uploaded.is_first
    tally.count(("updated" if known else "added") if new else "skipped")
    return uploaded, tally


def result(*, uploaded: Upload, job: Job | None, tally: Tally) -> dict[str, Any]:
    """Return the UpdateResult with the IngestResult of the one file, and keep it as the last update."""
    if job is None:
        ingested = results.unchanged(uploaded.version)
    else:
        assert job.result is not None
        ingested = job.result if uploaded.is_first else results.repeated(job.result)
    tally.errors = list(ingested["errors"])
    return {**ingested, **updating.remember(tally)}
