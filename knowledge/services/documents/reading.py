"""Documents, versions and chunks as they may be looked at: only what is stored in full is ever seen."""

import re
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from kimono.lib import files
from kimono.lib.errors import Missing
from knowledge.models import Chunk, Document, Version
from knowledge.services import diffing

_LABEL = re.compile(r"[vV]?([1-9][0-9]{0,8})")


def _seen() -> "QuerySet[Document]":
    """Return the documents with what the wire says of them beside their own columns."""
    chunks = (
        Chunk.objects.filter(version=OuterRef("current_version"))
        .order_by()
        .values("version")
        .annotate(n=Count("pk"))
        .values("n")
    )
    versions = (
        Version.objects.filter(document=OuterRef("pk"), is_indexed=True)
        .order_by()
        .values("document")
        .annotate(n=Count("pk"))
        .values("n")
    )
    canary = Version.objects.filter(document=OuterRef("pk"), status=Version.Status.CANARY)
    return Document.objects.select_related("current_version").annotate(
        chunk_count=Coalesce(Subquery(chunks), Value(0)),
        version_count=Coalesce(Subquery(versions), Value(0)),
        canary_number=Subquery(canary.values("number")[:1]),
        canary_percent=Subquery(canary.values("traffic_percent")[:1]),
    )


def get(*, doc_id: str) -> Document:
    """Return a document, a deleted one too as long as it has versions to go back to. Raises `Missing`."""
    document = _seen().filter(public_id=doc_id).first()
    if document is None or (document.status == Document.Status.DELETED and not document.version_count):  # type: ignore[attr-defined]
        raise Missing
    return document


def listed(
    *,
    status: str | None = None,
    knowledge_type: str | None = None,
    product_category: str | None = None,
    q: str | None = None,
) -> "QuerySet[Document]":
    """Return the documents that match, newest first; deleted ones only when they are asked for."""
    rows = _seen()
    stored = Version.objects.filter(document=OuterRef("pk"), is_indexed=True)
    if status == Document.Status.DELETED:
        rows = rows.filter(Exists(stored), status=status)
    elif status is not None:
        rows = rows.filter(status=status)
    else:
        rows = rows.exclude(status=Document.Status.DELETED)
    given = {"knowledge_type": knowledge_type, "product_category": product_category}
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(source__icontains=q))
    return rows


def versions(document: Document) -> "QuerySet[Version]":
    """Return the versions of a document, newest first, each with its `chunk_count`."""
    return document.versions.filter(is_indexed=True).annotate(chunk_count=Count("chunks")).order_by("-number")


def version(document: Document, label: str | None) -> Version:
    """Return the version called `label`, such as `v2`, or the one on show. Raises `Missing`."""
    found: Version | None
    if label is None:
        current = document.current_version_id
        found = versions(document).filter(pk=current).first() if current is not None else None
    else:
        match = _LABEL.fullmatch(label.strip())
        found = versions(document).filter(number=int(match[1])).first() if match else None
    if found is None:
        raise Missing
    return found


def chunks(*, doc_id: str, label: str | None, q: str | None) -> tuple[Version, "QuerySet[Chunk]"]:
    """Return a version and those of its chunks that hold `q`, in reading order. Raises `Missing`."""
    shown = version(get(doc_id=doc_id), label)
    rows = shown.chunks.order_by("index")
    return shown, rows.filter(Q(text__icontains=q) | Q(section__icontains=q)) if q else rows


def diff(*, doc_id: str, old: str, new: str) -> tuple[Version, Version, diffing.Diff]:
    """Return two versions of a document and what leads from one to the other. Raises `Missing`."""
    document = get(doc_id=doc_id)
    before, after = version(document, old), version(document, new)
    return before, after, diffing.diff(_pieces(before), _pieces(after))


def _pieces(version: Version) -> list[Chunk]:
    return list(version.chunks.order_by("index"))


@dataclass(frozen=True)
class StoredFile:
    """The original bytes of a version, and how to serve them."""

    content: bytes
    name: str
    mime: str
    digest: str
    may_be_inline: bool


# Types that a browser shows without running anything in them.
_INLINE = frozenset({"pdf", "png", "jpg"})


_OPEN = frozenset({Version.Status.ACTIVE, Version.Status.SUPERSEDED, Version.Status.CANARY})


def opened(*, doc_id: str, label: str | None, for_visitor: bool) -> Version:
    """Return a version whose content the caller may read; a visitor only of what is on show or was. Raises `Missing`."""
    document = get(doc_id=doc_id)
    shown = version(document, label)
    if for_visitor and (document.status != Document.Status.ACTIVE or shown.status not in _OPEN):
        raise Missing
    return shown


def stored_file(*, doc_id: str, label: str | None, for_visitor: bool = False) -> StoredFile:
    """Return the file of a version as it was uploaded. Raises `Missing`.

    A visitor gets no file of a document that was taken down, and none that was never on show.
    """
    shown = opened(doc_id=doc_id, label=label, for_visitor=for_visitor)
    try:
        content = files.read(shown.file_key)
    except FileNotFoundError:
        raise Missing from None
    return StoredFile(
        content=content,
        name=shown.file_name.rsplit("/", 1)[-1],
        mime=shown.mime,
        digest=shown.doc_hash,
        may_be_inline=shown.file_type in _INLINE,
    )
