"""How much a merchant may store (api.md 17). Each limit is a setting, `KIMONO_LIMIT_<NAME>`; 0 turns it off."""

import os
from functools import cache

from django.db.models import Sum

from kimono.lib.errors import TooMany
from kimono.providers.parsing import Limits
from knowledge.models import Attachment, Document, Version

DEFAULTS = {
    "UPLOAD_BYTES": 50 * 1024 * 1024,
    "DOCUMENT_PAGES": 1000,
    "SHEET_CELLS": 500_000,
    "UNPACKED_BYTES": 500 * 1024 * 1024,
    "STORAGE_BYTES": 10 * 1024 * 1024 * 1024,
    "DOCUMENTS": 20_000,
    "QA_ATTACHMENTS": 20,
    "PARSE_SECONDS": 300,
    "PARSE_CPU_SECONDS": 120,
    "PARSE_BYTES": 1536 * 1024 * 1024,
    "OCR_SECONDS": 150,
}
_UNLIMITED = 2**62


class QuotaExceeded(TooMany):
    """The merchant's storage or number of documents is used up."""

    def __init__(self, detail: str) -> None:
        super().__init__(retry_after=3600, code="quota_exceeded", detail=detail)


@cache
def most(name: str) -> int:
    """Return a limit: the environment's value over its default."""
    given = os.environ.get(f"KIMONO_LIMIT_{name}", "")
    return (int(given) if given else DEFAULTS[name]) or _UNLIMITED


def parse_limits() -> Limits:
    """Return what reading one file may cost."""
    return Limits(
        max_pages=most("DOCUMENT_PAGES"),
        max_cells=most("SHEET_CELLS"),
        max_unpacked_bytes=most("UNPACKED_BYTES"),
        wall_seconds=most("PARSE_SECONDS"),
        cpu_seconds=most("PARSE_CPU_SECONDS"),
        memory_bytes=most("PARSE_BYTES"),
        ocr_seconds=most("OCR_SECONDS"),
    )


def check(*, more_bytes: int, source: str) -> None:
    """Refuse an upload of `more_bytes` that the current tenant has no room for. Raises `QuotaExceeded`."""
    documents = Document.objects.exclude(status=Document.Status.DELETED)
    if documents.count() >= most("DOCUMENTS") and not documents.filter(source=source).exists():
        raise QuotaExceeded("No more documents can be stored.")
    check_storage(more_bytes=more_bytes)


def check_storage(*, more_bytes: int) -> None:
    """Refuse `more_bytes` that the current tenant's storage has no room for. Raises `QuotaExceeded`."""
    stored = sum(
        table.objects.aggregate(total=Sum("size_bytes"))["total"] or 0 for table in (Version, Attachment)
    )
    if stored + more_bytes > most("STORAGE_BYTES"):
        raise QuotaExceeded("The storage is used up.")
