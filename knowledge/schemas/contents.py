"""Shapes of what stands in a document: comparisons of versions, chunks, files (api.md 6.2)."""

from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from kimono.lib.cleaning import clean
from knowledge.models import Chunk, Version
from knowledge.services.diffing import Diff
from tenants.paging import Page


class DiffQuery(Schema):
    """KB-13."""

    old: Annotated[str, StringConstraints(max_length=20)] = Field(alias="from")
    new: Annotated[str, StringConstraints(max_length=20)] = Field(alias="to")


class DiffStats(Schema):
    """How many passages were added, removed, changed and left alone."""

    added: int
    removed: int
    changed: int
    unchanged: int


class HunkOut(Schema):
    """One passage, or several equal ones in a row."""

    op: Literal["equal", "add", "remove", "change"]
    section: str | None
    page: int | None
    old: str | None
    new: str | None


class DiffOut(Schema):
    """KB-13."""

    doc_id: str
    old: str = Field(alias="from")
    new: str = Field(alias="to")
    stats: DiffStats
    hunks: list[HunkOut]


def show_diff(doc_id: str, old: Version, new: Version, diff: Diff) -> dict[str, Any]:
    """Return a comparison as `DiffOut`."""
    stats = diff.stats
    return {
        "doc_id": doc_id,
        "from": old.label,
        "to": new.label,
        "stats": {
            "added": stats.added,
            "removed": stats.removed,
            "changed": stats.changed,
            "unchanged": stats.unchanged,
        },
        "hunks": [
            {
                "op": hunk.op,
                "section": hunk.section or None,
                "page": hunk.page,
                "old": hunk.old,
                "new": hunk.new,
            }
            for hunk in diff.hunks
        ],
    }


class ChunkQuery(Page):
    """KB-14."""

    version: Annotated[str, StringConstraints(max_length=20)] | None = None
    q: Annotated[str, AfterValidator(clean), StringConstraints(max_length=500)] | None = None


class ChunkOut(Schema):
    """A chunk on the wire."""

    chunk_id: str
    index: int
    kind: str
    page: int | None
    section: str | None
    text: str
    attachments: list[str]
    version: str


def show_chunk(chunk: Chunk, version: Version) -> dict[str, Any]:
    """Return a chunk of `version` as `ChunkOut`."""
    return {
        "chunk_id": chunk.public_id,
        "index": chunk.index,
        "kind": chunk.kind,
        "page": chunk.page,
        "section": chunk.section or None,
        "text": chunk.text,
        "attachments": chunk.attachments,
        "version": version.label,
    }


class FileQuery(Schema):
    """KB-15. `sig` comes with the links of answers."""

    version: Annotated[str, StringConstraints(max_length=20)] | None = None
    disposition: Literal["inline", "attachment"] = "inline"
    # Instead of the file: the picture of a page of a PDF with `quote` marked, or the text of the page or section of a chunk.
    preview: Literal["page", "text"] | None = None
    page: int = Field(default=1, ge=1, le=100_000)
    chunk_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    quote: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    sig: str | None = None
