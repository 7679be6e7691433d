"""Mails with their attachments, each attachment read as what it is."""

import re
import tempfile
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from io import BytesIO
from pathlib import Path

from bs4 import BeautifulSoup

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.errors import ParseError, UnreadableFile
from kimono.providers.parsing.html import Pictures, add_whole
from kimono.providers.parsing.parse import parse_inside
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.plain import add_text
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft, Parsed

_HEADERS = ("From", "To", "Cc", "Date")
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def parse(request: Request, draft: Draft) -> None:
    """Add subject, sender and text, then every attachment under a heading with its name.

    An attachment that cannot be read is named in the problems. Raises `UnreadableFile` for an encrypted mail.
    """
    message = BytesParser(_class=EmailMessage, policy=policy.default.clone(refold_source="none")).parsebytes(
        request.path.read_bytes()
    )
    if message.get_content_type() in _ENCRYPTED:
        raise UnreadableFile("the mail is encrypted; save its text or its attachments")
    subject = _header(message, "Subject")
    draft.title = subject
    draft.heading(subject, 1)
    lines = (f"{name}: {value}" for name in _HEADERS if (value := _header(message, name)))
    draft.add("text", "\n".join(lines))
    _body(message, request, draft)
    attachments = _attachments(message)
    for number, part in enumerate(attachments, start=1):
        if number > request.limits.max_attachments:
            left = len(attachments) - request.limits.max_attachments
            draft.problem("too_many_attachments", f"the last {left} attachments were left out")
            break
        _attachment(part, number, request, draft)
        request.progress(number, len(attachments))


def _header(message: EmailMessage, name: str) -> str:
    """Return a header's words; one that breaks its own grammar as it stands."""
    try:
        value = message.get(name)
        return " ".join(str(value).split()) if value is not None else ""
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        raw = next((text for key, text in message.raw_items() if key.lower() == name.lower()), "")
        return " ".join(str(raw).split())


def _body(message: EmailMessage, request: Request, draft: Draft) -> None:
    """Add the text of the mail: as HTML when it has tables or nothing else, as plain text otherwise."""
    plain = _text(message.get_body(("plain",)))
    markup = _text(message.get_body(("html",)))
    if markup and (not plain.strip() or re.search(r"<t[dh]\b", markup, re.IGNORECASE)):
        add_whole(BeautifulSoup(markup, "lxml"), draft, Pictures(request, _inline_pictures(message).get))
    else:
        add_text(plain, draft)


def _text(part: object) -> str:
    if not isinstance(part, EmailMessage):
        return ""
    data = _payload(part)
    charset = part.get_content_charset()
    try:
        known = charset and charset not in ("us-ascii", "unknown-8bit")
        return (
            data.decode("gb18030" if charset in ("gb2312", "gbk") else str(charset))
            if known
            else decode(data)
        )
    except (LookupError, UnicodeDecodeError):
        return decode(data)


def _payload(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _inline_pictures(message: EmailMessage) -> dict[str, bytes]:
    """Return the pictures that the HTML shows, by the addresses it names them with."""
    found: dict[str, bytes] = {}
    for part in message.walk():
        identity = str(part.get("Content-ID", "")).strip(" <>")
        if identity and part.get_content_maintype() == "image":
            assert isinstance(part, EmailMessage)
            found[f"cid:{identity}"] = _payload(part)
    return found


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    """Return the parts that are files of their own; pictures that stand in the text and signatures are none."""
    shown = {id(part) for name in ("plain", "html") if (part := message.get_body((name,))) is not None}
    markup = _text(message.get_body(("html",)))
    found: list[EmailMessage] = []
    inside: set[int] = set()
    for part in message.walk():
        if id(part) in inside or not isinstance(part, EmailMessage):
            continue
        if part is not message and part.get_content_type() == "message/rfc822":
            inside.update(id(inner) for inner in part.walk())
            found.append(part)
        elif part.is_multipart() or id(part) in shown or part.get_content_type() in _SIGNATURES:
            continue
        elif (_is_attached(part) or part.get_filename()) and not _is_named(part, markup):
            found.append(part)
    return found


def _is_named(part: EmailMessage, markup: str) -> bool:
    """Tell whether a part is a picture that the text shows."""
    identity = str(part.get("Content-ID", "")).strip(" <>")
    return bool(identity) and part.get_content_maintype() == "image" and f"cid:{identity}" in markup


def _is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment"


def _attachment(part: EmailMessage, number: int, request: Request, draft: Draft) -> None:
    """Add one attachment under a heading with its name, its own headings below."""
    name = _name(part, number)
    if part.get_content_type() == "message/rfc822":
        data = b"".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, EmailMessage))
    else:
        data = _payload(part)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attachment"
        path.write_bytes(data)
        try:
            parsed = parse_inside(request, path, name)
        except ParseError as error:
            if part.get_content_maintype() == "image":
                keep(request, draft, name, BytesIO(data), caption=name, read=False)
            draft.problem(error.code, f"attachment {name}: {error.message}", sheet=error.sheet, row=error.row)
            return
    include(draft, parsed, name)


def _name(part: EmailMessage, number: int) -> str:
    try:
        name = " ".join((part.get_filename() or "").replace("\\", "/").rsplit("/", 1)[-1].split())
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        name = ""
    if name:
        return name
    return (
        f"attachment {number}.eml" if part.get_content_type() == "message/rfc822" else f"attachment {number}"
    )


def include(draft: Draft, parsed: Parsed, name: str) -> None:
    """Add a file that lay inside: a heading with its name, its blocks without pages, its pictures and problems."""
    names = {item.name: f"{name}-{item.name}" for item in parsed.media}
    draft.heading(name, 1)
    for block in parsed.blocks:
        if block.kind == "heading":
            draft.heading(block.text, min(6, block.level + 1))
        else:
            draft.add(block.kind, block.text, media=names.get(block.media or ""))
    draft.media.extend(replace(item, name=names[item.name], page=None) for item in parsed.media)
    for problem in parsed.errors:
        draft.problem(
            problem.code, f"attachment {name}: {problem.message}", sheet=problem.sheet, row=problem.row
        )
