"""Records as text: conversations line by line, tickets with their fields, flat lists as tables."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.kinds import Kind
from kimono.providers.parsing.records.dialogues import Message, conversations, dialogue, message_list
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import to_markdown

_TITLES = ("title", "subject", "question", "name", "标题", "主题", "问题", "summary")
_IDS = (
    "ticket_id",
    "id",
    "no",
    "number",
    "conversation_id",
    "session_id",
    "dialogue_id",
    "convo_id",
    "工单号",
    "编号",
)
# Fields that say nothing to a reader.
_SILENT = re.compile(
    r"(?:msgid|seq|_id|uuid|hash|md5sum|sdkfileid|etag|cursor|errcode|errmsg|next_cursor|has_more|decrypt\w*|publickey_ver|token)",
    re.IGNORECASE,
)
_DEEPEST = 6
# A list of records is a table when its fields are short words; longer ones are read record by record.
_SHORT = 80
_MOST_COLUMNS = 20


def parse(request: Request, draft: Draft) -> None:
    """Add the records of the file; lines that are no JSON are named in the problems with their number."""
    text = decode(request.path.read_bytes())
    if not text.strip():
        raise UnreadableFile("the file is empty")
    value = _by_line(text, draft) if request.kind is Kind.JSONL else _whole(text, draft)
    _Writer(draft, request.limits.max_cells).value(value, 1)
    request.progress(1, 1)


def _whole(text: str, draft: Draft) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        if sum(piece.lstrip().startswith(("{", "[")) for piece in text.splitlines()) > 1:
            values = _by_line(text, draft)
            if values and len(values) > len(draft.errors):
                return values
            draft.errors.clear()
        raise UnreadableFile(f"line {line} is not JSON", row=line) from error


def _by_line(text: str, draft: Draft) -> list[Any]:
    values: list[Any] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values.append(json.loads(line))
        except ValueError:
            draft.problem("not_json", f"line {number} is not JSON", row=number)
    return values


class _Writer:
    """Adds values to a draft, and counts the cells they fill."""

    def __init__(self, draft: Draft, most: int) -> None:
        self.draft, self.left = draft, most
        self.most = most

    def value(self, value: Any, level: int) -> None:
        """Add any value; headings below it are of `level` or deeper."""
        if isinstance(value, list):
            self._list(value, level)
        elif isinstance(value, dict):
            self._mapping(value, level)
        elif (text := _scalar(value)) is not None:
            self.draft.add("text", text)

    def _list(self, values: Sequence[Any], level: int) -> None:
        if messages := dialogue(values):
            self._messages(messages, level)
        elif _is_table(values):
            self._table(values)
        elif all(not isinstance(value, dict | list) for value in values):
            lines = [text for value in values if (text := _scalar(value))]
            self._count(len(lines))
            self.draft.add("list", "\n".join(f"- {' '.join(line.split())}" for line in lines))
        else:
            for number, value in enumerate(values, start=1):
                if isinstance(value, dict):
                    self._record(value, number, level)
                else:
                    self.value(value, level)

    def _record(self, record: Mapping[str, Any], number: int, level: int) -> None:
        """Add one record of a list under its own title, or under its number."""
        title = _first(record, _TITLES) or _first(record, _IDS) or f"#{number}"
        self.draft.heading(title[:120], min(level, _DEEPEST))
        shown = {
            key: value for key, value in record.items() if not (title == _scalar(value) and len(title) <= 120)
        }
        self._mapping(shown or record, level + 1)

    def _mapping(self, record: Mapping[str, Any], level: int) -> None:
        """Add the plain fields of a mapping, its conversation, then what is nested in it."""
        found = message_list(record)
        lines: list[str] = []
        nested: list[tuple[str, Any]] = []
        for key, value in record.items():
            if found and key == found[0]:
                continue
            if isinstance(value, dict | list):
                if value and not (isinstance(value, list) and _words(value)):
                    nested.append((str(key), value))
                    continue
                text = ", ".join(_words(value)) if isinstance(value, list) else ""
            else:
                text = _scalar(value) or ""
            if text and not _SILENT.fullmatch(str(key)):
                lines.append(f"{key}: {text}")
        self._count(len(lines))
        self.draft.add("text", "\n".join(lines))
        if found:
            self._messages(found[1], level)
        for key, value in nested:
            if not _SILENT.fullmatch(key):
                if level <= _DEEPEST and not key.isdigit():
                    self.draft.heading(key, level)
                self.value(value, level + 1)

    def _messages(self, messages: Sequence[Message], level: int) -> None:
        """Add conversations, each as a list whose lines stay whole; several get a heading each."""
        units = list(conversations(messages))
        self._count(len(messages))
        for unit in units:
            if len(units) > 1:
                people = dict.fromkeys(message.speaker for message in unit if message.speaker)
                self.draft.heading(" – ".join(people) or unit[0].unit, min(level, _DEEPEST))
            self.draft.add("list", "\n".join(message.line for message in unit))

    def _table(self, records: Sequence[Mapping[str, Any]]) -> None:
        columns = list(dict.fromkeys(str(key) for record in records for key in record))
        self._count(len(columns) * len(records))
        rows = [[_scalar(record.get(column)) or "" for column in columns] for record in records]
        self.draft.add("table", to_markdown([columns, *rows]))

    def _count(self, cells: int) -> None:
        self.left -= cells
        if self.left < 0:
            raise UnreadableFile(f"the file has more than {self.most} fields")


def _is_table(values: Sequence[Any]) -> bool:
    """Tell whether records share a few short fields."""
    if len(values) < 2 or not all(isinstance(value, dict) for value in values):
        return False
    columns = {key for value in values for key in value}
    common = sum(len(value) for value in values) * 10 >= len(columns) * len(values) * 6
    return len(columns) <= _MOST_COLUMNS and common and all(_short(value) for value in _fields(values))


def _fields(records: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    for record in records:
        yield from record.values()


def _short(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(_scalar(value) or "") <= _SHORT


def _first(record: Mapping[str, Any], names: Sequence[str]) -> str:
    values = (_scalar(record.get(name)) for name in names)
    return next((" ".join(value.split()) for value in values if value), "")


def _words(values: Sequence[Any]) -> list[str]:
    """Return the values of a list of plain values, empty when one of them is not plain."""
    texts = [_scalar(value) for value in values if not isinstance(value, dict | list)]
    return [text for text in texts if text] if len(texts) == len(values) else []


def _scalar(value: Any) -> str | None:
    """Return a plain value as text; None for null and for what is not plain."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
