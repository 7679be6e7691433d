"""Taking answers and conversations away as staff and as contacts, and looking into the files."""

import io
import re
import zipfile
from typing import Any

import pypdfium2
from docx import Document

from conversations.models import Message
from tenants.models import Tenant
from tests.conversations.exported import bare, docx_text, pdf_text
from tests.tenants.doors import Caller, at

READERS = {"pdf": pdf_text, "docx": docx_text}
LABELS = ("退货政策–2.1七天无理由–第2页–", "价目–附录–第5页–表2–")


def visitor_of(tenant: Tenant) -> tuple[Caller, str]:
    """Return a visitor with a conversation of its own."""
    opened = at(tenant, Origin=f"http://{tenant.slug}.localhost").post("chat/sessions", {"channel": "web"})
    body = opened.json()
    return at(tenant, Authorization=f"Bearer {body['visitor_token']}"), body["session_id"]


def fetched(caller: Caller, path: str) -> Any:
    """Return an answer that is there."""
    answer = caller.get(path)
    assert answer.status_code == 200, answer.content
    return answer


def local(message: Message) -> str:
    """Return when a message was written, as files say it."""
    from django.utils import timezone

    return f"{timezone.localtime(message.created_at):%Y-%m-%d %H:%M}"


def docx_parts(docx: bytes, name: str) -> str:
    """Return the text of a Word file's headers or footers without blanks."""
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        parts = [archive.read(each).decode() for each in archive.namelist() if f"/{name}" in each]
    return bare(re.sub(r"<[^>]+>", "", "".join(parts)))


def pictures_in(format: str, content: bytes) -> int:
    """Count the pictures in a file."""
    if format == "docx":
        return len(Document(io.BytesIO(content)).inline_shapes)
    document = pypdfium2.PdfDocument(content)
    kinds = [each.type for page in document for each in page.get_objects()]
    document.close()
    return kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE)
