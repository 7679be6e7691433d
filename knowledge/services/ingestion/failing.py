"""An ingest that came to nothing: what was on show stays, and who listens is told."""

from typing import Any

from knowledge.events import DocumentFailed
from knowledge.services.documents import uploading
from tenants.services import outbox


def abandon(*, code: str, message: str, version_id: int, **_: Any) -> None:
    """Take note, in the transaction that ends its job, that a version will not be read. A cancelled one is no failure."""
    version = uploading.abandoned(version_id=version_id)
    if version is None or code == "cancelled":
        return
    outbox.publish(
        DocumentFailed(
            doc_id=version.document.public_id,
            version=version.label,
            source=version.document.source,
            code=code,
            message=message,
        )
    )
