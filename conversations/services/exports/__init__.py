"""Files out: one answer or a whole conversation, to be handed to somebody as it is (api.md 4.7)."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from weakref import WeakKeyDictionary

from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.services import conversations, zones
from conversations.services.conversations import Reader
from conversations.services.exports import collecting
from conversations.services.exports.media import Pictures, StoredPictures, illustrated
from conversations.services.exports.pages import html_of
from conversations.services.exports.shapes import File, Format, Paper
from conversations.services.exports.sheets import Show, csv_of, json_of
from kimono.lib.db import current_tenant
from kimono.lib.errors import Conflict, Invalid, Missing, Unavailable
from kimono.lib.printing import print_pdf
from kimono.lib.threads import in_thread
from tenants.services import auditing
from tenants.services.auditing import Actor

__all__ = ["File", "Format", "of_message", "of_session"]

MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
# What can be laid out in some seconds; the other formats only have to be written.
MOST_PRINTED, MOST_PRINTED_CHARACTERS, MOST_WRITTEN = 500, 300_000, 20_000
# Laying out takes a processor for seconds: so many at a time in one process, and so long is waited for a turn.
AT_ONCE, PATIENCE_SECONDS = 2, 20.0

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class NotExportable(Conflict):
    """The message is no answer: only what the bot or a person wrote is."""

    code = "not_exportable"
    detail = "Only an answer of the bot or of a person can be exported."


async def of_message(
    *, public_id: str, format: Literal["pdf", "docx"], reader: Reader, by: Actor, now: datetime
) -> File:
    """Return one answer with its question as a file.

    Raises `Missing`, `NotExportable`, and `Unavailable` when what a format needs is not installed or too many files are
    being made.
    """
    message, paper = await in_thread(_answer, public_id, reader, by, now)
    content = await _laid_out(paper, format, reader)
    word = "answer" if paper.language == "en" else "回答"
    return _file(content, format, ("answer", word), public_id, message.created_at)


async def of_session(
    *, public_id: str, format: Format, reader: Reader, show: Show, by: Actor, now: datetime
) -> File:
    """Return a conversation as a file; `show` is how the caller gets to see a message's payload.

    Raises `Missing`, `Invalid` when it is too long for the format, and `Unavailable` as for an answer.
    """
    language, made = await in_thread(_conversation, public_id, format, reader, show, by, now)
    content = await _laid_out(made, format, reader) if isinstance(made, Paper) else made
    word = "conversation" if language == "en" else "对话"
    return _file(content, format, ("conversation", word), public_id, now)


async def _laid_out(paper: Paper, format: Format, reader: Reader) -> bytes:
    loop = asyncio.get_running_loop()
    turn = _turns.setdefault(loop, asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await turn.acquire()
    except TimeoutError:
        raise Unavailable("Many files are being made right now.", retry_after=10) from None
    try:
        pictures = StoredPictures(for_contact=reader.session_id is not None)
        return await in_thread(_pdf if format == "pdf" else _docx, paper, pictures)
    finally:
        turn.release()


def _pdf(paper: Paper, pictures: Pictures) -> bytes:
    return print_pdf(html_of(illustrated(paper, pictures)))


def _docx(paper: Paper, pictures: Pictures) -> bytes:
    from conversations.services.exports.word import docx_of

    return docx_of(illustrated(paper, pictures))


def _answer(public_id: str, reader: Reader, by: Actor, now: datetime) -> tuple[Message, Paper]:
    rows = Message.objects.select_related("conversation")
    if reader.session_id is not None:
        rows = rows.filter(conversation__public_id=reader.session_id)
    message = rows.filter(public_id=public_id).first()
    if message is None:
        raise Missing
    if message.author not in (Message.Author.BOT, Message.Author.AGENT):
        raise NotExportable
    earlier = Message.objects.filter(conversation=message.conversation, seq__lt=message.seq)
    question = earlier.filter(author=Message.Author.VISITOR).order_by("-seq").first()
    _note("export_answer", "message", public_id, reader, by)
    return message, collecting.answer(message, question, now=now)


def _conversation(
    public_id: str, format: Format, reader: Reader, show: Show, by: Actor, now: datetime
) -> tuple[str, Paper | bytes]:
    row = conversations.get(public_id=public_id, reader=reader)
    printed = format in ("pdf", "docx")
    messages = _messages(row, format, MOST_PRINTED if printed else MOST_WRITTEN)
    _note("export_conversation", "session", public_id, reader, by)
    if printed:
        paper = collecting.conversation(row, messages, now=now)
        return paper.language, paper
    language = collecting.language_of(row, messages[0].content if messages else "")
    if format == "csv":
        return language, csv_of(messages)
    return language, json_of(row, messages, show=show, for_contact=reader.session_id is not None)


def _messages(row: Conversation, format: Format, most: int) -> Sequence[Message]:
    messages = list(Message.objects.filter(conversation=row).order_by("seq")[: most + 1])
    printed = format in ("pdf", "docx")
    characters = sum(len(each.content) for each in messages) if printed else 0
    if len(messages) <= most and characters <= MOST_PRINTED_CHARACTERS:
        return messages
    instead = " Take json or csv." if printed else ""
    raise Invalid(
        f"This conversation is too long for a {format} file, which holds at most {most} messages"
        + (f" and {MOST_PRINTED_CHARACTERS} characters." if printed else ".") + instead,
        loc=["query", "format"],
        type="too_long",
    )  # fmt: skip


def _note(action: str, kind: str, public_id: str, reader: Reader, by: Actor) -> None:
    """Leave a row when somebody else than the contact takes what was said out of the house."""
    if reader.session_id is None:
        auditing.record(action=action, by=by, target_type=kind, target_id=public_id)


def _file(content: bytes, format: Format, kind: tuple[str, str], public_id: str, moment: datetime) -> File:
    day = f"{timezone.localtime(moment, zones.merchants_zone()):%Y%m%d}"
    merchant = _NOT_IN_NAMES.sub(" ", current_tenant().name).strip()
    plain, word = kind
    return File(
        content=content,
        mime=MIME[format],
        name=f"{merchant}-{word}-{day}.{format}",
        ascii_name=f"{plain}-{public_id}.{format}",
    )
