"""Uploads: a file becomes an immutable version of a document and a job, in one transaction, however often it is sent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from kimono.lib import files
from kimono.lib.errors import Conflict, Invalid
from kimono.lib.ids import new_id
from kimono.providers import parsing
from knowledge.models import Document, Version
from knowledge.services.documents import filing, quotas, sources
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor

JOB = "knowledge.ingest_version"
LIVE = (Job.Status.QUEUED, Job.Status.RUNNING)


@dataclass(frozen=True)
class Facts:
    """What an uploader says about a document; None leaves what is known."""

    knowledge_type: str | None = None
    product_category: str | None = None
    applicable_version: str | None = None
    published_at: datetime | None = None

    def given(self) -> dict[str, Any]:
        """Return what was said, JSON-able."""
        values = {name: value for name, value in vars(self).items() if value is not None}
        if self.published_at is not None:
            values["published_at"] = self.published_at.isoformat()
        return values


@dataclass(frozen=True)
class Upload:
    """What an upload led to: a version, and the job that reads it; no job when there was nothing new, or none was wanted.

    `is_first` is false for one that found the same file being read already.
    """

    version: Version
    job: Job | None
    is_first: bool = True


@dataclass(frozen=True)
class _File:
    """A file as it is stored; `name` is what it was called."""

    key: str
    name: str
    kind: parsing.Kind
    digest: str
    size: int


@dataclass(frozen=True)
class _Wish:
    """What is to become of the file."""

    source: str
    publish: bool
    note: str
    facts: Facts = field(default_factory=Facts)
    enqueues: bool = True
    validate: bool = False


def upload(
    *,
    content: bytes,
    name: str,
    by: Actor,
    source: str | None = None,
    facts: Facts | None = None,
    publish: bool = True,
    note: str = "",
    enqueues: bool = True,
    validate: bool = False,
) -> Upload:
    """Store a file as the next version of the document called `source` (default: `name`) and enqueue its reading.

    Without `enqueues` the caller reads the version itself, if it is not indexed.

    The same content as what is on show, or as what is being read already, makes nothing new; so do parallel uploads of
    one file. Raises `Unsupported`, `Invalid` (the name), `UnreadableFile` (no content), `QuotaExceeded`.
    """
    known_as = _source(source, name)
    kind = _kind(content, name)
    wish = _Wish(known_as, publish, note, facts or Facts(), enqueues, validate)
    digest = files.digest(content)
    if (same := _shown_already(known_as, digest)) is not None:
        return Upload(same, None)
    key = files.store(content, kind="documents")
    stored = _File(key, known_as[-255:], kind, digest, len(content))
    try:
        with transaction.atomic():
            result = _register(stored, wish, by)
    except BaseException:
        files.remove(key)
        raise
    if result.version.file_key != key:
        files.remove(key)
    return result


def _source(source: str | None, name: str) -> str:
    for given, loc in ((source, "source"), (name, "file")):
        if given is None:
            continue
        known_as = sources.cleaned(given)
        if known_as and len(known_as) <= sources.LONGEST:
            return known_as
        reason = f"at most {sources.LONGEST} characters" if known_as else "names nothing"
        raise Invalid(reason, loc=["form", loc], type="string_too_long" if known_as else "value_error")
    raise Invalid("is required", loc=["form", "file"], type="missing")


def _kind(content: bytes, name: str) -> parsing.Kind:
    if not content:
        raise parsing.UnreadableFile("the file is empty")
    return parsing.require(parsing.sniff(content, name))


def _shown_already(source: str, digest: str) -> Version | None:
    """Return the version on show when it has this content and nothing newer is on its way: no lock is needed for that."""
    document = Document.objects.select_related("current_version__document").filter(source=source).first()
    if document is None or document.status == Document.Status.DELETED:
        return None
    current = document.current_version
    if current is None or current.doc_hash != digest or document.versions.filter(is_indexed=False).exists():
        return None
    return current


def _register(file: _File, wish: _Wish, by: Actor) -> Upload:
    quotas.check(more_bytes=file.size, source=wish.source)
    document = _locked(file, wish, by)
    waiting = _waiting(document)
    same = _same(document, file, wish, waiting)
    if same is not None:
        return same
    _discard(document, waiting)
    version = _new_version(document, file, wish, by)
    if wish.publish and document.status == Document.Status.DELETED:
        document.status = Document.Status.PROCESSING
        document.save(update_fields=["status", "updated_at"])
    job = None
    if wish.enqueues:
        job = jobs.enqueue(
            JOB,
            by=by.id,
            source=document.source,
            doc_id=document.public_id,
            version_id=version.pk,
            publish=wish.publish,
            facts=wish.facts.given(),
            validate=wish.validate,
        )
    auditing.record(
        action="upload_document",
        by=by,
        target_type="document",
        target_id=document.public_id,
        details={"version": version.label, "source": document.source},
    )
    return Upload(version, job)


def _locked(file: _File, wish: _Wish, by: Actor) -> Document:
    """Return the document of this source, made if there is none, locked until the transaction ends."""
    fresh = Document(
        public_id=new_id("doc"),
        source=wish.source,
        file_type=file.kind.value,
        created_by=by.id,
        **{name: value for name, value in vars(wish.facts).items() if value is not None},
    )
    Document.objects.bulk_create([fresh], ignore_conflicts=True)
    return Document.objects.select_for_update(no_key=True).get(source=wish.source)


def _waiting(document: Document) -> dict[int, Job]:
    """Return the jobs under way for a document, by the primary key of the version that each reads."""
    live = Job.objects.filter(name=JOB, doc_id=document.public_id, status__in=LIVE)
    return {job.payload["version_id"]: job for job in live}


def _same(document: Document, file: _File, wish: _Wish, waiting: dict[int, Job]) -> Upload | None:
    """Return the upload that this one repeats: of what is being read now, else of what is there already."""
    under_way = [
        version
        for version in document.versions.filter(pk__in=waiting, is_indexed=False)
        if waiting[version.pk].payload["publish"] == wish.publish
    ]
    if under_way:
        newest = max(under_way, key=lambda version: version.number)
        same = Upload(newest, waiting[newest.pk], is_first=False)
        return same if newest.doc_hash == file.digest else None
    there: list[Version | None] = []
    if document.status != Document.Status.DELETED:
        there.append(document.current_version)
    if not wish.publish:
        staged = document.versions.filter(is_indexed=True, status__in=["staged", "canary"])
        there.append(staged.order_by("-number").first())
    known = next((version for version in there if version and version.doc_hash == file.digest), None)
    return Upload(known, None) if known is not None else None


def _discard(document: Document, waiting: Iterable[int]) -> None:
    """Drop versions that could not be read and that nothing reads any more, so that their numbers are free again."""
    dead = document.versions.filter(is_indexed=False).exclude(pk__in=list(waiting))
    for version in dead:
        transaction.on_commit(partial(files.remove, version.file_key))
        filing.remove_files(version.attachments.all())
    dead.delete()


def _new_version(document: Document, file: _File, wish: _Wish, by: Actor) -> Version:
    newest = document.versions.order_by("-number").values_list("number", flat=True).first()
    return Version.objects.create(
        document=document,
        number=(newest or 0) + 1,
        doc_hash=file.digest,
        size_bytes=file.size,
        file_key=file.key,
        file_name=file.name,
        mime=file.kind.mime,
        file_type=file.kind.value,
        note=wish.note,
        created_by=by.id,
    )


def reopen(*, version_id: int, publish: bool) -> None:
    """Make ready, in the open transaction, to read a version again. Raises `Conflict` when it is gone."""
    version = Version.objects.filter(pk=version_id, is_indexed=False).first()
    if version is None:
        raise Conflict("A later upload has taken this one's place.")
    document = Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    if publish and document.status == Document.Status.DELETED:
        document.status = Document.Status.PROCESSING
        document.save(update_fields=["status", "updated_at"])


def abandoned(*, version_id: int) -> Version | None:
    """Put a document back to what it was before an upload that came to nothing, in the open transaction.

    Nothing of the version was ever on show. Returns the version, or None when it is gone or was stored after all.
    """
    version = Version.objects.select_related("document").filter(pk=version_id, is_indexed=False).first()
    if version is None:
        return None
    document = Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    filing.clear(version)
    filing.drop_attachments(version)
    if document.status == Document.Status.PROCESSING and not _waiting(document):
        # Nothing was to be seen of it before; its row waits for a retry or the next upload of this source.
        document.status = Document.Status.DELETED
        document.save(update_fields=["status", "updated_at"])
    return version
