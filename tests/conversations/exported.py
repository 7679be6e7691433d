"""Conversations to take away, and readers of the files that come out."""

import io
import re
import unicodedata
from typing import Any

import pypdfium2
from django.db import transaction
from django.utils import timezone
from docx import Document

from conversations.models import Conversation, Message
from conversations.services import conversations, sequencing

QUESTION = "怎么退货？要多少钱？"
ANSWER = "您好，退货流程如下 [1]：\n\n1. 进入“我的订单”。\n2. **申请退货：**选择原因。\n\n费用见价目表 [2]。"
TABLE = "表 2 清洗价目\n\n| 款式 | 费用 |\n| --- | --- |\n| 小纹 | 120 元 |\n| 振袖 | 260 元 |"


def citation(n: int = 1, **changes: Any) -> dict[str, Any]:
    """Return one entry of a message's citations, as answers store it."""
    return {
        "n": n, "kind": "chunk", "source": "return_policy.pdf", "title": "退货政策", "page": 2,
        "section": "2.1 七天无理由", "quote": "签收后 7 天内可申请退货，商品须完好。", "score": 0.9137,
        "url": "/api/v1/knowledge/documents/doc-a1/file?version=v2#page=2", "doc_id": "doc-a1", "version": "v2",
        "chunk_id": "chk-9", "qa_id": None,
    } | changes  # fmt: skip


CITATIONS = [
    citation(),
    citation(
        2,
        title="价目",
        source="prices.pdf",
        doc_id="doc-a2",
        page=5,
        section="附录",
        quote=TABLE,
        score=0.8842,
    ),
]


def begun(**fields: Any) -> Conversation:
    """Begin a conversation of the tenant in force."""
    with transaction.atomic():
        return conversations.begin(now=timezone.now(), **{"language": "zh", **fields})


def said(row: Conversation, author: str, content: str, **fields: Any) -> Message:
    """Add a message."""
    role = Message.Role.USER if author == "visitor" else Message.Role.ASSISTANT
    with transaction.atomic():
        locked = sequencing.locked(pk=row.pk)
        message = sequencing.add_message(
            locked,
            role=Message.Role.SYSTEM if author == "system" else role,
            author=Message.Author(author),
            content=content,
            now=timezone.now(),
            **fields,
        )
        sequencing.store(locked, now=timezone.now())
    return message


def talked(**fields: Any) -> tuple[Conversation, Message, Message]:
    """Return a conversation with a question and its answer."""
    row = begun(**fields)
    question = said(row, "visitor", QUESTION)
    return row, question, said(row, "bot", ANSWER, citations=CITATIONS, kind=Message.Kind.ANSWER)


def bare(text: str) -> str:
    """Return a text without blanks, which layouts put where lines end, and with compatible characters unified."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page of a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [document[place].get_textpage().get_text_range() for place in range(len(document))]
    finally:
        document.close()


def pdf_text(pdf: bytes) -> str:
    """Return the text of a PDF without blanks."""
    return bare("".join(pages(pdf)))


def docx_text(docx: bytes) -> str:
    """Return the text of a Word file's body, tables and formulas in their places, without blanks."""
    body = Document(io.BytesIO(docx)).element.body
    names = ("}t", "}tab", "}br")
    return bare("".join(node.text or " " for node in body.iter() if str(node.tag).endswith(names)))
