"""Files that a merchant ties to a QA pair."""

import tempfile
from pathlib import Path

from django.db import transaction

from kimono.lib import files
from kimono.lib.cleaning import clean
from kimono.lib.errors import Conflict, Missing, Unsupported
from kimono.lib.ids import new_id
from kimono.providers import drawing, parsing
from knowledge.models import Attachment, QAPair
from knowledge.services import revisions
from knowledge.services.attachments.keeping import FOLDER, THUMBS
from knowledge.services.documents import filing, quotas
from knowledge.services.qa_pairs import writing
from tenants.services import auditing
from tenants.services.auditing import Actor

_PICTURES = (parsing.Kind.PNG, parsing.Kind.JPG, parsing.Kind.WEBP)


class TooManyAttachments(Conflict):
    """The pair has as many attachments as it may."""

    code = "limit_reached"


def add(*, qa_id: str, content: bytes, name: str, caption: str, by: Actor) -> Attachment:
    """Tie a file to a pair, live at once. Raises `Missing`, `TooManyAttachments`, `Unsupported`, `QuotaExceeded`."""
    kind = _kind(content, name)
    writing.get(qa_id=qa_id)
    thumb = _thumb(content) if kind in _PICTURES else b""
    keys = [files.store(content, kind=FOLDER)]
    if thumb:
        keys.append(files.store(thumb, kind=THUMBS))
    try:
        with transaction.atomic():
            return _added(qa_id, content, kind, _called(name, kind), caption, keys, by)
    except BaseException:
        for key in keys:
            files.remove(key)
        raise


def _kind(content: bytes, name: str) -> parsing.Kind:
    """Return the type of a file by its content. Raises `Unsupported` for what is no document and no picture."""
    if not content:
        raise parsing.UnreadableFile("the file is empty")
    found = parsing.sniff(content, name)
    if isinstance(found, parsing.Unsupported):
        raise Unsupported(f"This is {found.found}.", supported=sorted(kind.value for kind in parsing.Kind))
    return found


def _thumb(content: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="kimono-attach-") as folder:
        path = Path(folder) / "picture"
        path.write_bytes(content)
        return drawing.draw_thumbnails([path]).get(path, b"")


def _called(name: str, kind: parsing.Kind) -> str:
    last = clean(name).replace("\\", "/").replace("\n", " ").rsplit("/", 1)[-1].strip()
    return last[-255:] or f"file.{kind.value}"


def _added(
    qa_id: str, content: bytes, kind: parsing.Kind, name: str, caption: str, keys: list[str], by: Actor
) -> Attachment:
    quotas.check_storage(more_bytes=len(content))
    pair = (
        QAPair.objects.select_for_update(no_key=True)
        .filter(public_id=qa_id, status=QAPair.Status.ACTIVE)
        .first()
    )
    if pair is None:
        raise Missing
    if pair.attachments.count() >= quotas.most("QA_ATTACHMENTS"):
        raise TooManyAttachments("The QA pair has as many attachments as it may.")
    last = pair.attachments.order_by("-order").values_list("order", flat=True).first()
    added = Attachment.objects.create(
        public_id=new_id("att"),
        pair=pair,
        kind=Attachment.Kind.IMAGE if kind in _PICTURES else Attachment.Kind.FILE,
        name=name,
        order=0 if last is None else last + 1,
        mime=kind.mime,
        size_bytes=len(content),
        digest=files.digest(content),
        caption=caption,
        file_key=keys[0],
        thumb_key=keys[1] if len(keys) > 1 else "",
        created_by=by.id,
    )
    revisions.bump()
    auditing.record(
        action="add_attachment",
        by=by,
        target_type="qa_pair",
        target_id=qa_id,
        details={"attachment": added.public_id, "name": name},
    )
    return added


def remove(*, qa_id: str, attachment_id: str, by: Actor) -> None:
    """Take a file off a pair; answers go without it at once. Raises `Missing`."""
    with transaction.atomic():
        row = (
            Attachment.objects.select_for_update(no_key=True, of=("self",))
            .filter(public_id=attachment_id, pair__public_id=qa_id, pair__status=QAPair.Status.ACTIVE)
            .first()
        )
        if row is None:
            raise Missing
        filing.remove_files([row])
        row.delete()
        revisions.bump()
        auditing.record(
            action="delete_attachment",
            by=by,
            target_type="qa_pair",
            target_id=qa_id,
            details={"attachment": attachment_id, "name": row.name},
        )
