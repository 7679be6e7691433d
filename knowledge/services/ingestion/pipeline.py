"""The stages of an ingest: parse in a child process, cut, embed and file batch by batch, put on show in one step."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kimono.lib import files
from kimono.lib.jobs import JobFailed, JobRun, Result
from kimono.providers import parsing
from knowledge.models import Version
from knowledge.services import checking, chunking
from knowledge.services.attachments import finding, keeping
from knowledge.services.documents import quotas, results
from knowledge.services.documents.embedding import Encoder
from knowledge.services.ingestion import captioning, storing

# How far a job is when a stage begins; embedding takes longest by far when a model is asked over the network.
_PARSING, _CHUNKING, _EMBEDDING, _INDEXING = 0.0, 0.3, 0.35, 0.9
_STOP_QUESTION_SECONDS = 1.0
_TELL_SECONDS = 0.5


def ingest(
    *, run: JobRun, version_id: int, publish: bool, facts: Mapping[str, Any], validate: bool = False
) -> Result:
    """Read the file of a version, index it and put it on show (or stage it); return the IngestResult.

    With `validate` it brings a quality report along.

    A version that is stored already is left as it is: the same call twice leaves the same rows. Raises `JobFailed`
    (`unreadable_file`, `archive_bomb`, `unsupported_media_type`), `JobStopped`.
    """
    started = time.monotonic()
    version = Version.objects.select_related("document").filter(pk=version_id).first()
    if version is None:
        raise JobFailed("replaced", "A later upload has taken this one's place.")
    if not version.is_indexed:
        with tempfile.TemporaryDirectory(prefix="kimono-media-") as folder:
            parsed = captioning.described(_parsed(run, version, Path(folder)), run=run)
            cut = _cut(run, version, parsed)
            kept = keeping.keep(version=version, found=finding.found(parsed), check=run.check)
        _filed(run, version, parsed, _tied(parsed, cut, kept))
        run.progress(_INDEXING, stage="indexing")
        storing.finish(run=run, version=version, publish=publish, facts=facts)
        version.refresh_from_db()
    count = version.chunks.count()
    return {
        **_result(version, count, time.monotonic() - started, run.job_id),
        "quality_report": _checked(run, version) if validate else None,
    }


def _checked(run: JobRun, version: Version) -> dict[str, Any]:
    run.progress(_INDEXING, stage="quality")
    return checking.check(version=version).shown()


def _result(version: Version, count: int, seconds: float, job_id: str) -> dict[str, Any]:
    return results.ingest_result(
        version,
        status="partial" if version.errors else "success",
        chunk_count=count,
        added=count,
        seconds=seconds,
        job_id=job_id,
    )


def _parsed(run: JobRun, version: Version, folder: Path) -> parsing.Parsed:
    reading = _Reading(run)
    try:
        return parsing.parse_in_child(
            files.path_of(version.file_key),
            version.file_name,
            quotas.parse_limits(),
            reading.pages,
            _stopping(run),
            media_dir=folder,
            on_ocr=reading.ocr,
        )
    except parsing.ParseError as error:
        raise JobFailed(error.code, error.message, errors=[_located(version, error)]) from error


class _Reading:
    """Reports how far a file is read; from its first picture that goes through OCR on, the stage is `ocr`."""

    def __init__(self, run: JobRun) -> None:
        self._run, self._stage, self._fraction = run, "parsing", _PARSING
        self._tell()
        self._told = time.monotonic()

    def pages(self, done: int, total: int) -> None:
        """Report that `done` of `total` parts are read, twice a second at most: pages are read faster than stored."""
        self._fraction = _between(_PARSING, _CHUNKING, done, total)
        if time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            self._tell()

    def ocr(self) -> None:
        """Report that a picture goes through OCR."""
        if self._stage != "ocr":
            self._stage = "ocr"
            self._tell()

    def _tell(self) -> None:
        self._run.progress(self._fraction, stage=self._stage)


def _between(low: float, high: float, done: int, total: int) -> float:
    return low + (high - low) * min(done / max(total, 1), 1.0)


def _located(version: Version, error: parsing.ParseError) -> dict[str, Any]:
    return {
        "source": version.document.source,
        "page": error.page,
        "sheet": error.sheet,
        "row": error.row,
        "code": error.code,
        "message": error.message,
    }


def _stopping(run: JobRun) -> Callable[[], bool]:
    """Return what the parser's watch asks several times a second: it raises when the run must end."""
    asked = time.monotonic()

    def stop() -> bool:
        nonlocal asked
        if time.monotonic() - asked >= _STOP_QUESTION_SECONDS:
            asked = time.monotonic()
            run.check()
        return False

    return stop


def _cut(run: JobRun, version: Version, parsed: parsing.Parsed) -> chunking.VersionText:
    run.progress(_CHUNKING, stage="chunking")
    cut = chunking.assemble(parsed)
    if not cut.chunks:
        error = parsing.UnreadableFile("the file holds no text")
        raise JobFailed(error.code, error.message, errors=[_located(version, error)])
    return cut


def _tied(parsed: parsing.Parsed, cut: chunking.VersionText, kept: Mapping[str, str]) -> chunking.VersionText:
    """Return the chunks with the ids of their attachments instead of the names that those have in the file."""
    owned = finding.owners(parsed, cut)
    return replace(
        cut,
        chunks=tuple(
            replace(draft, media=tuple(kept[key] for key in owned.get(draft.index, ()) if key in kept))
            for draft in cut.chunks
        ),
    )


def _filed(run: JobRun, version: Version, parsed: parsing.Parsed, cut: chunking.VersionText) -> None:
    run.progress(_EMBEDDING, stage="embedding")
    left = storing.begin(run=run, version=version, parsed=parsed, cut=cut)
    done, told = len(cut.chunks) - len(left), time.monotonic()

    def tell(count: int) -> None:
        nonlocal done, told
        done += count
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            run.progress(_between(_EMBEDDING, _INDEXING, done, len(cut.chunks)), stage="embedding")

    storing.add(run=run, version=version, drafts=left, encoder=Encoder(ref=run.job_id), on_embedded=tell)
