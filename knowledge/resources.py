"""QA pairs as rows of a file that an admin imports or exports: judged and written by the services alone."""

import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from import_export import fields, resources
from import_export.formats.base_formats import Format
from import_export.results import Result, RowResult
from import_export.tmp_storages import BaseStorage
from tablib import Dataset

from kimono.lib import files, tables
from kimono.lib.errors import Invalid, Refusal, TooLarge
from knowledge.models import QAPair
from knowledge.services.qa_pairs import exporting, importing
from knowledge.services.qa_pairs.importing import Change, RowError
from knowledge.services.qa_pairs.templates import text_diff
from knowledge.services.qa_pairs.writing import PairDraft

# What a page shows of a long import; all of it is imported.
MOST_SHOWN = 100
_KEPT_SECONDS = 24 * 3600
_COLUMNS = ("question", "answer", "category", "keywords", "priority", "similar_questions")
# Compared by characters; the others are told as a whole.
_TEXTS = ("question", "answer")
_HEADERS = (
    gettext_lazy("Question"),
    gettext_lazy("Answer"),
    gettext_lazy("Category"),
    gettext_lazy("Keywords"),
    gettext_lazy("Priority"),
    gettext_lazy("Similar questions"),
)
_REASONS = {
    "empty": gettext_lazy("the question or the answer is empty"),
    "duplicate": gettext_lazy("the question is in the file twice"),
    "too_long": gettext_lazy("the text is too long"),
    "too_many": gettext_lazy("there are too many entries, or one of them is too long"),
    "invalid": gettext_lazy("the priority is not a whole number from 0 to 100"),
}


class PlannedTable(Dataset):
    """A file that was read and judged."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.report, self.changes = importing.plan(content=content, name="")

    def __bool__(self) -> bool:
        return True


class AnyTable(Format):
    """XLSX, or CSV in any of its encodings: told by the content."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        """Return the name of the format."""
        return "xlsx / csv"

    def create_dataset(self, in_stream: bytes) -> PlannedTable:
        """Return the file with what its rows would do. Raises `Invalid`, `TooLarge`, `Unsupported`."""
        return PlannedTable(in_stream)

    def can_import(self) -> bool:
        """Tell that this can be read."""
        return True


class _Written(Format):
    kind: tables.TableFormat

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        """Return the name of the format."""
        return self.kind

    def get_extension(self) -> str:
        """Return the end of a file's name."""
        return self.kind

    def get_content_type(self) -> str:
        """Return the media type."""
        return tables.MIME[self.kind]

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        """Return the file, its cells harmless to spreadsheets."""
        return tables.write(exporting.HEADERS, dataset, format=self.kind)

    def can_export(self) -> bool:
        """Tell that this can be written."""
        return True


class WrittenXlsx(_Written):
    """A workbook."""

    kind = "xlsx"


class WrittenCsv(_Written):
    """UTF-8 with a byte order mark, so that Excel reads it right."""

    kind = "csv"


class TenantStorage(BaseStorage):
    """Keeps an uploaded file in the merchant's own folder between preview and confirmation, at most a day."""

    def save(self, data: bytes) -> None:
        """Keep `data` under a name nobody can guess; forget previews that nobody confirmed."""
        folder = files.tenant_folder() / "imports"
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if time.time() - left.stat().st_mtime > _KEPT_SECONDS:
                left.unlink(missing_ok=True)
        self.name = uuid4().hex
        (folder / self.name).write_bytes(data)

    def read(self) -> bytes:
        """Return the file."""
        return files.read(f"imports/{self.name}")

    def remove(self) -> None:
        """Forget the file."""
        files.remove(f"imports/{self.name}")


class QAPairResource(resources.ModelResource):
    """The import and export of pairs; a pair is recognised by its folded question, as everywhere."""

    question = fields.Field(attribute="question", column_name=exporting.HEADERS[0])
    answer = fields.Field(attribute="answer", column_name=exporting.HEADERS[1])
    category = fields.Field(attribute="category", column_name=exporting.HEADERS[2])
    keywords = fields.Field(attribute="keywords", column_name=exporting.HEADERS[3])
    priority = fields.Field(attribute="priority", column_name=exporting.HEADERS[4])
    similar_questions = fields.Field(column_name=exporting.HEADERS[5])

    class Meta:
        model = QAPair
        fields = ("question", "answer", "category", "keywords", "priority", "similar_questions")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.actor: Any = kwargs.get("actor")

    def export(self, queryset: QuerySet[QAPair] | None = None, **kwargs: Any) -> Dataset:
        """Return the pairs as rows."""
        rows = Dataset(headers=list(exporting.HEADERS))
        pairs: Iterable[QAPair] = queryset if queryset is not None else QAPair.objects.none()
        rows.extend(exporting.row(pair) for pair in pairs)
        return rows

    def import_data(self, dataset: PlannedTable, dry_run: bool = False, **kwargs: Any) -> Result:
        """Judge the file and, unless this is the preview, write its good rows in one transaction."""
        report, changes = dataset.report, dataset.changes
        if not dry_run:
            async_to_sync(importing.carry_out)(changes, by=self.actor)
        result = Result()
        result.diff_headers = [str(header) for header in _HEADERS]
        result.total_rows = report.total_rows
        result.refused = [(error, reason(error)) for error in report.errors]
        for change in changes:
            row = _row(change, shown=len(result.rows) < MOST_SHOWN)
            result.increment_row_result_total(row)
            result.append_row_result(row)
        return result


def reason(error: RowError) -> str:
    """Return why a row is left out, in the language of the page."""
    return str(_REASONS.get(error.code, error.message))


def _row(change: Change, *, shown: bool) -> RowResult:
    row = RowResult()
    row.line = change.row
    if change.is_new:
        row.import_type = RowResult.IMPORT_TYPE_NEW
    else:
        row.import_type = (
            RowResult.IMPORT_TYPE_SKIP if change.changes_nothing else RowResult.IMPORT_TYPE_UPDATE
        )
    row.diff = _difference(change) if shown else []
    return row


def _difference(change: Change) -> list[SafeString]:
    before = _cells(change.present) if change.present is not None else None
    after = _cells(change.draft)
    if before is None:
        return [format_html("{}", cell) for cell in after]
    return [
        _marked(old, new) if name in _TEXTS else _replaced(old, new)
        for name, old, new in zip(_COLUMNS, before, after, strict=True)
    ]


def _cells(draft: PairDraft) -> list[str]:
    cells = []
    for name in _COLUMNS:
        value = getattr(draft, name)
        cells.append("；".join(value) if isinstance(value, tuple) else str(value))
    return cells


def _replaced(old: str, new: str) -> SafeString:
    return format_html("{}", new) if old == new else format_html("<del>{}</del> <ins>{}</ins>", old, new)


def _marked(old: str, new: str) -> SafeString:
    if old == new:
        return format_html("{}", new)
    tags = {"remove": "del", "add": "ins"}
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html("<{0}>{1}</{0}>", tags[step["op"]], step["text"])
                if step["op"] in tags
                else step["text"],
            )
            for step in text_diff(old, new)
        ),
    )


def unreadable(refusal: Refusal) -> str:
    """Return why a file cannot be imported at all, in the language of the page."""
    if isinstance(refusal, TooLarge):
        return gettext("The file is larger than 10 MB.")
    if isinstance(refusal, Invalid) and refusal.detail[0]["type"] == "missing_column":  # type: ignore[index]
        return gettext("The first row must name the columns, among them 问题 and 答案.")
    return gettext("The file cannot be read as a table. Save it as Excel (.xlsx) or as CSV and try again.")
