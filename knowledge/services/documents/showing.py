"""Which version of a document is on show: a pointer, moved in one step, and the index kept to what may be found."""

from collections.abc import Iterable

from knowledge.models import Document, Version
from knowledge.services import indexing, revisions

# So many of the newest versions stay in the index besides the one on show: they can be compared, and shown again at once.
KEPT_VERSIONS = 5


def show(*, document: Document, version: Version) -> None:
    """Put `version` on show in the open transaction; `document` must be locked.

    A document that was processing or deleted becomes active, and so does one that never had anything to show; one that
    the merchant has disabled stays so. Raises the revision.
    """
    first = document.current_version_id is None
    others = document.versions.exclude(pk=version.pk)
    others.filter(status__in=[Version.Status.ACTIVE, Version.Status.DELETED]).update(
        status=Version.Status.SUPERSEDED
    )
    if version.status == Version.Status.CANARY:
        version.traffic_percent, version.canary_started_at = 0, None
    version.status = Version.Status.ACTIVE
    version.save(update_fields=["status", "traffic_percent", "canary_started_at"])
    _retitle(document, version)
    document.current_version = version
    document.file_type = version.file_type
    if first or document.status in (Document.Status.PROCESSING, Document.Status.DELETED):
        document.status = Document.Status.ACTIVE
    document.save()
    prune(document)
    revisions.bump()


def _retitle(document: Document, version: Version) -> None:
    """Give the document the new version's title, unless the merchant has given it one of its own."""
    before = document.current_version
    if not document.title or (before is not None and document.title == before.title):
        document.title = version.title


def prune(document: Document) -> None:
    """Take old versions out of the index; their chunks stay, so that they can be indexed again."""
    old: Iterable[Version] = document.versions.filter(
        is_indexed=True, status=Version.Status.SUPERSEDED
    ).order_by("-number")[KEPT_VERSIONS:]
    for version in old:
        indexing.remove_version(version=version)
