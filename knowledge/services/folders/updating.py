"""Bring the knowledge up to a folder: new files come in, changed ones get a version, and in full vanished ones go."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from kimono.lib.errors import Missing, Refusal
from kimono.lib.jobs import JobFailed, JobRun, JobStopped, Result
from knowledge.models import Document, KnowledgeState, Version
from knowledge.services import ingestion
from knowledge.services.documents import changing, uploading
from knowledge.services.folders import paths
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor

FULL, INCREMENTAL = "knowledge.update_full", "knowledge.update_incremental"
Mode = Literal["full", "incremental", "file"]
Became = Literal["added", "updated", "skipped", "failed"]


@dataclass
class Tally:
    """What an update did so far."""

    mode: Mode
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def count(self, became: str) -> None:
        """Count one more file."""
        self.counts[became] = self.counts.get(became, 0) + 1

    def result(self) -> dict[str, Any]:
        """Return the UpdateResult of api.md 6.5."""
        counted = {name: self.counts.get(name, 0) for name in ("added", "updated", "skipped", "failed")}
        return {
            "mode": self.mode,
            "scanned": sum(counted.values()),
            **counted,
            "deleted": self.counts.get("deleted", 0),
            "duration_seconds": round(time.monotonic() - self.began, 2),
            "errors": self.errors,
        }


class _Part:
    """One file's share of a run's progress; knows whether it was the run that was stopped."""

    def __init__(self, run: JobRun, low: float, high: float) -> None:
        self.job_id, self.attempt = run.job_id, run.attempt
        self.was_stopped = False
        self._run, self._low, self._high = run, low, high

    def progress(self, fraction: float, *, stage: str) -> None:
        """Report how far the file is."""
        self._asked(lambda: self._run.progress(self._low + (self._high - self._low) * fraction, stage=stage))

    def check(self) -> None:
        """Raise `JobStopped` when the run must end."""
        self._asked(self._run.check)

    def _asked(self, question: Callable[[], None]) -> None:
        try:
            question()
        except JobStopped:
            self.was_stopped = True
            raise


def enqueue(*, mode: Mode, dir_path: str, extensions: Sequence[str] | None, by: Actor) -> Job:
    """Start an update from a folder. Raises `PathNotAllowed`, `Missing`."""
    where = paths.place(dir_path, field="dir_path")
    paths.check_folder(where)
    with transaction.atomic():
        auditing.record(
            action="update_from_folder", by=by, target_type="folder", details={"mode": mode, "path": where.source}
        )  # fmt: skip
        return jobs.enqueue(
            FULL if mode == "full" else INCREMENTAL,
            by=by.id,
            source=where.source,
            dir_path=where.source,
            extensions=sorted(extensions) if extensions else sorted(paths.EXTENSIONS),
            by_name=by.name,
        )


def run(run: JobRun, *, mode: Mode, dir_path: str, extensions: Sequence[str], by: Actor) -> Result:
    """Read the files of a folder into the knowledge and return the UpdateResult. Raises `JobFailed`, `JobStopped`."""
    tally = Tally(mode)
    wanted = frozenset(extensions)
    try:
        where = paths.place(dir_path or ".", field="dir_path")
        paths.check_folder(where)
    except Refusal as refusal:
        raise JobFailed(refusal.code, "The folder is not there any more.") from refusal
    present = paths.files_in(where)
    sources = [source for source in present if paths.has_extension(source, wanted)]
    for index, source in enumerate(sources):
        part = _Part(run, index / len(sources), (index + 1) / len(sources))
        part.progress(0.0, stage="parsing")
        tally.count(_brought_in(part, source, tally, by))
    if mode == "full":
        _delete_vanished(where, frozenset(present), wanted, tally, by)
    return remember(tally)


def remember(tally: Tally) -> dict[str, Any]:
    """Keep an update as the last one and return its result."""
    result = tally.result()
    KnowledgeState.objects.bulk_create([KnowledgeState()], ignore_conflicts=True)
    KnowledgeState.objects.update(last_update=result, updated_at=timezone.now())
    return result


def last() -> dict[str, Any] | None:
    """Return the result of the last update, None when there was none."""
    found: dict[str, Any] | None = KnowledgeState.objects.values_list("last_update", flat=True).first()
    return found


def _brought_in(part: _Part, source: str, tally: Tally, by: Actor) -> Became:
    """Take one file in; what is wrong with it is an entry of the tally and no failure of the rest."""
    try:
        content = paths.read(paths.place(source, field="dir_path"))
        known = is_known(source)
        uploaded = uploading.upload(content=content, name=source, by=by, enqueues=False)
    except Refusal as refusal:
        tally.errors.append(_entry(source, refusal.code, _said(refusal)))
        return "failed"
    mark(source)
    version = uploaded.version
    if uploaded.job is not None or version.is_indexed:
        return "skipped"
    return _read(part, version, known, tally)


def is_known(source: str) -> bool:
    """Tell whether there is a document of this source to be seen."""
    return (
        Document.objects.filter(source=source, current_version__isnull=False)
        .exclude(status=Document.Status.DELETED)
        .exists()
    )


def mark(source: str) -> None:
    """Note that a document comes from the folder, and goes with its file."""
    Document.objects.filter(source=source, from_folder=False).update(from_folder=True)


def _read(part: _Part, version: Version, known: bool, tally: Tally) -> Became:
    source = version.document.source
    try:
        ingestion.ingest(run=part, version_id=version.pk, publish=True, facts={})
    except JobFailed as failure:
        errors = failure.errors or [_entry(source, failure.code, failure.message)]
        with transaction.atomic():
            ingestion.abandon(code=errors[0]["code"], message=errors[0]["message"], version_id=version.pk)
        tally.errors.extend(errors)
        return "failed"
    except JobStopped:
        if part.was_stopped:
            with transaction.atomic():
                ingestion.abandon(code="cancelled", message="", version_id=version.pk)
            raise
        tally.errors.append(_entry(source, "replaced", "The document was deleted meanwhile."))
        return "failed"
    except Version.DoesNotExist:
        tally.errors.append(_entry(source, "replaced", "A later upload has taken this one's place."))
        return "failed"
    tally.errors.extend(Version.objects.values_list("errors", flat=True).get(pk=version.pk))
    return "updated" if known else "added"


def _delete_vanished(
    where: paths.Place, present: frozenset[str], extensions: frozenset[str], tally: Tally, by: Actor
) -> None:
    """Delete the documents that were read from this folder and whose files are not there any more."""
    below = f"{where.source}/" if where.source else ""
    rows = Document.objects.filter(from_folder=True, source__startswith=below).exclude(
        status=Document.Status.DELETED
    )
    for doc_id, source in rows.values_list("public_id", "source"):
        if source not in present and paths.has_extension(source, extensions):
            try:
                changing.delete(doc_id=doc_id, by=by)
            except Missing:
                continue
            tally.count("deleted")


def _entry(source: str, code: str, message: str) -> dict[str, Any]:
    return {"source": source, "page": None, "sheet": None, "row": None, "code": code, "message": message}


def _said(refusal: Refusal) -> str:
    detail = refusal.detail
    return str(detail[0]["msg"]) if isinstance(detail, list) and detail else str(detail)
