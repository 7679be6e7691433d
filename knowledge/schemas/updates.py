"""Shapes of updates from a folder on the server (api.md 6.5)."""

from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from kimono.lib.moments import Utc
from knowledge.schemas.documents import IngestResult, KnowledgeType, Words
from knowledge.schemas.jobs import JobError
from knowledge.services.documents.uploading import Facts
from knowledge.services.folders.paths import EXTENSIONS

# As written: what a path leads to is judged where it is opened, and a cleaned path would be another one.
FolderPath = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def _known(value: str) -> str:
    plain = value.strip().lower().removeprefix(".")
    if plain not in EXTENSIONS:
        raise ValueError("is no type of file that can be read")
    return plain


Extension = Annotated[str, StringConstraints(max_length=20), AfterValidator(_known)]


class FolderUpdate(Schema):
    """UP-01, UP-02."""

    dir_path: FolderPath
    extensions: Annotated[list[Extension], Field(max_length=100)] | None = None
    run_async: bool = Field(default=False, alias="async")


class FileMetadata(Schema):
    """What UP-03 says about the document."""

    knowledge_type: KnowledgeType | None = None
    product_category: Words | None = None
    applicable_version: Words | None = None
    published_at: Utc | None = None

    def facts(self) -> Facts:
        """Return it as an uploader says it."""
        return Facts(**self.dict())


class FileUpdate(Schema):
    """UP-03."""

    file_path: FolderPath
    metadata: FileMetadata | None = None

    def facts(self) -> Facts:
        """Return what is said about the document."""
        return self.metadata.facts() if self.metadata is not None else Facts()


class UpdateResult(Schema):
    """What an update did; `scanned` is the sum of added, updated, skipped and failed."""

    mode: Literal["full", "incremental", "file"]
    scanned: int
    added: int
    updated: int
    skipped: int
    deleted: int
    failed: int
    duration_seconds: float
    errors: list[JobError]


class FileUpdateResult(UpdateResult, IngestResult):
    """UP-03: an update of one file, with what became of it."""

    errors: list[JobError]
    duration_seconds: float


class UpdateStatus(Schema):
    """UP-04."""

    last_update: UpdateResult | None
    message: str


def show_status(last: dict[str, Any] | None) -> dict[str, Any]:
    """Return the last update as `UpdateStatus`."""
    if last is None:
        return {"last_update": None, "message": "尚未执行过更新"}
    return {
        "last_update": last,
        "message": f"最近一次 {last['mode']} 更新于 {last['duration_seconds']:.2f}s 内完成",
    }
