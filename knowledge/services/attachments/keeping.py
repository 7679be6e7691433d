"""What an ingest stores of the pictures and tables of a version."""

from collections.abc import Callable, Iterable, Mapping

from django.db import transaction

from kimono.lib import files
from kimono.lib.ids import new_id
from kimono.providers import drawing
from knowledge.models import Attachment, Version
from knowledge.services.attachments.finding import Found
from knowledge.services.documents import filing

FOLDER, THUMBS = "attachments", "thumbnails"


def keep(*, version: Version, found: Iterable[Found], check: Callable[[], None]) -> Mapping[str, str]:
    """Store what was found in a version's file; return the `att-…` ids by `Found.key`.

    What an earlier run has stored of the very same things stays. `check` may raise under the version's lock.
    """
    wanted = list(found)
    before = list(version.attachments.order_by("order", "id"))
    if [_same(item) for item in before] == [(item.kind, item.order, item.digest) for item in wanted]:
        return {item.key: row.public_id for item, row in zip(wanted, before, strict=True)}
    thumbs = drawing.draw_thumbnails([item.path for item in wanted if item.path is not None])
    keys: list[str] = []
    try:
        rows = [
            _row(version, item, thumbs.get(item.path, b"") if item.path else b"", keys) for item in wanted
        ]
        with transaction.atomic():
            locked = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
            check()
            filing.clear(locked)
            filing.drop_attachments(locked)
            Attachment.objects.bulk_create(rows)
    except BaseException:
        for key in keys:
            files.remove(key)
        raise
    return {item.key: row.public_id for item, row in zip(wanted, rows, strict=True)}


def _same(row: Attachment) -> tuple[str, int, str]:
    return row.kind, row.order, row.digest


def _row(version: Version, item: Found, thumb: bytes, keys: list[str]) -> Attachment:
    file_key = thumb_key = ""
    if item.path is not None:
        keys.append(file_key := files.store(item.path.read_bytes(), kind=FOLDER))
    if thumb:
        keys.append(thumb_key := files.store(thumb, kind=THUMBS))
    return Attachment(
        public_id=new_id("att"),
        version=version,
        kind=item.kind,
        name=item.name,
        figure=item.figure,
        page=item.page,
        order=item.order,
        mime=item.mime,
        size_bytes=item.size_bytes,
        digest=item.digest,
        caption=item.caption,
        markdown=item.markdown,
        file_key=file_key,
        thumb_key=thumb_key,
        created_by=version.created_by,
    )
