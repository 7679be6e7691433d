"""Attachments as they may be looked at, and those that come along with an answer."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from kimono.lib import files
from kimono.lib.errors import Missing
from knowledge.models import Attachment, Document, QAPair, Version
from knowledge.services.answers import Citation
from knowledge.services.documents.reading import StoredFile

# More would bury the answer that they come along with.
MOST_IN_ANSWER = 12
_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"})
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "text/markdown": "md",
}
_STORED = Q(pair__status=QAPair.Status.ACTIVE) | Q(version__is_indexed=True)
_ON_SHOW = Q(pair__status=QAPair.Status.ACTIVE) | Q(
    ~Q(version__document__status=Document.Status.DELETED),
    version__is_indexed=True,
    version__document__current_version=F("version"),
)
_OPEN = (Version.Status.ACTIVE, Version.Status.SUPERSEDED, Version.Status.CANARY)


def _seen() -> "QuerySet[Attachment]":
    return Attachment.objects.select_related("version__document", "pair")


def listed(
    *, doc_id: str | None = None, qa_id: str | None = None, kind: str | None = None
) -> "QuerySet[Attachment]":
    """Return the attachments of what is on show: of one document or pair in reading order, else the newest first."""
    rows = _seen().filter(_ON_SHOW)
    given = {"version__document__public_id": doc_id, "pair__public_id": qa_id, "kind": kind}
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    return rows.order_by("order", "id") if doc_id or qa_id else rows.order_by("-created_at", "-id")


def get(*, attachment_id: str) -> Attachment:
    """Return an attachment, of an earlier version too. Raises `Missing`."""
    found = _seen().filter(_STORED, public_id=attachment_id).first()
    if found is None:
        raise Missing
    return found


def is_open(attachment: Attachment) -> bool:
    """Tell whether a visitor may have it at all: its owner is on show, and its version was at some time."""
    if attachment.version is None:
        return attachment.pair is not None and attachment.pair.enabled
    version = attachment.version
    return version.document.status == Document.Status.ACTIVE and version.status in _OPEN


def stored_file(attachment: Attachment, *, thumb: bool = False) -> StoredFile:
    """Return the bytes of an attachment, or of its small picture. Raises `Missing` where there is none of these.

    A picture that could not be drawn small is its own small picture.
    """
    if thumb and attachment.kind != Attachment.Kind.IMAGE:
        raise Missing
    if attachment.kind == Attachment.Kind.TABLE and attachment.markdown:
        content, mime = attachment.markdown.encode(), "text/markdown"
    else:
        small = thumb and bool(attachment.thumb_key)
        mime = "image/webp" if small else attachment.mime
        try:
            content = files.read(attachment.thumb_key if small else attachment.file_key)
        except FileNotFoundError:
            raise Missing from None
    return StoredFile(
        content=content,
        name=_file_name(attachment.name, mime),
        mime=mime,
        digest=files.digest(content),
        may_be_inline=mime in _INLINE,
    )


def _file_name(name: str, mime: str) -> str:
    """Return a name to save it under, with the ending that its type has."""
    ending = _ENDINGS.get(mime, "")
    plain = name.replace("/", "_").replace("\\", "_")
    return plain if not ending or plain.lower().endswith(f".{ending}") else f"{plain}.{ending}"


def address(attachment: Attachment) -> str:
    """Return where its bytes are to be had."""
    return f"/api/v1/knowledge/attachments/{attachment.public_id}/file"


def thumb_address(attachment: Attachment) -> str | None:
    """Return where its small picture is to be had, None when there can be none."""
    return f"{address(attachment)}?thumb=true" if attachment.kind == Attachment.Kind.IMAGE else None


def of_citations(citations: Sequence[Citation]) -> tuple[dict[str, Any], ...]:
    """Return what comes along with an answer (api.md 4.3): the attachments of the cited passages, in reading order.

    Each is named once, with the number `n` of the first citation that it belongs to.
    """
    numbers: dict[str, int] = {}
    owners: dict[str, int] = {}
    for citation in reversed(citations):
        passage = citation.passage
        numbers |= dict.fromkeys(passage.attached, citation.n)
        owners[passage.doc_id or passage.qa_id or ""] = citation.n
    rows = sorted(
        _seen().filter(public_id__in=list(numbers)),
        key=lambda row: (owners[_owner(row)], row.order, row.pk),
    )
    return tuple(_shown(row, numbers[row.public_id]) for row in rows[:MOST_IN_ANSWER])


def _owner(row: Attachment) -> str:
    if row.version is not None:
        return row.version.document.public_id
    return row.pair.public_id if row.pair is not None else ""


def _shown(row: Attachment, n: int) -> dict[str, Any]:
    shown = {
        "id": row.public_id,
        "kind": row.kind,
        "name": row.name,
        "mime": row.mime,
        "page": row.page,
        "figure": row.figure or None,
        "caption": row.caption or None,
        "url": address(row),
        "thumb_url": thumb_address(row),
        "n": n,
    }
    return {**shown, "markdown": row.markdown} if row.kind == Attachment.Kind.TABLE else shown
