"""Cut a parsed document into the pieces that are searched, and keep the text that citations point into."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kimono.providers.parsing import Block, Parsed
from knowledge.services import sentences

ChunkKind = Literal["text", "table", "image", "formula"]

SIZE = 400
OVERLAP = 80
_GAP = "\n\n"
_LINE = re.compile(r"[^\n]+\n?")
_CLAUSE = re.compile(r"[，；,;、：:]\s*|\s+")
_SEPARATOR_ROW = re.compile(r"\|(?:\s*:?-{3,}:?\s*\|)+")


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A piece of a version: `text == prefix + version_text[start:end]`, so that what is quoted from it is verbatim.

    `prefix` is empty except where a table goes on from the chunk before: there it repeats the table's header.
    `section` is the nearest heading, `heading_path` all headings above, outermost first. `media` names the images that
    belong to the piece.
    """

    index: int
    kind: ChunkKind
    text: str
    section: str
    page: int | None
    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    prefix: str = ""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionText:
    """The whole text of a version and its chunks in reading order."""

    text: str
    chunks: tuple[ChunkDraft, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A span that stays in one piece: a sentence, a list item, a table or some of its rows."""

    start: int
    end: int
    kind: str
    page: int | None
    prefix: str = ""

    @property
    def length(self) -> int:
        return len(self.prefix) + self.end - self.start


@dataclass(slots=True)
class _Section:
    path: tuple[str, ...]
    units: list[_Unit]


def chunk(parsed: Parsed, size: int = SIZE, overlap: int = OVERLAP) -> list[ChunkDraft]:
    """Return the chunks of a document; see `assemble`."""
    return list(assemble(parsed, size, overlap).chunks)


def assemble(parsed: Parsed, size: int = SIZE, overlap: int = OVERLAP) -> VersionText:
    """Return the text of a document and its chunks of about `size` characters.

    A heading begins a new chunk and belongs to it. Sentences, list items and code stay whole unless one alone is longer
    than a chunk; a table of up to twice the size stays whole, a longer one is cut between rows and each piece repeats
    the header. Chunks that follow each other in one section share up to `overlap` characters of whole sentences. Very
    short neighbours are joined.
    """
    text, spans, images = _joined(parsed.blocks)
    drafts: list[tuple[_Unit, tuple[str, ...]]] = []
    for section in _sections(text, spans, size):
        drafts.extend((unit, section.path) for unit in _packed(section.units, size, overlap))
    chunks = tuple(
        ChunkDraft(
            index=index,
            kind=_kind(unit.kind),
            text=unit.prefix + text[unit.start : unit.end],
            section=path[-1] if path else "",
            page=unit.page,
            start=unit.start,
            end=unit.end,
            heading_path=path,
            prefix=unit.prefix,
        )
        for index, (unit, path) in enumerate(drafts)
    )
    return VersionText(text, tuple(_with_images(chunks, images)))


def _joined(blocks: Iterable[Block]) -> tuple[str, list[tuple[Block, int, int]], list[tuple[int, str]]]:
    """Return the whole text, the span of every block in it, and the offsets at which images stand."""
    parts: list[str] = []
    spans: list[tuple[Block, int, int]] = []
    images: list[tuple[int, str]] = []
    position = 0
    for block in blocks:
        body = block.text.strip("\n")
        if body.strip():
            start = position + (len(_GAP) if parts else 0)
            parts.append(body)
            position = start + len(body)
            spans.append((block, start, position))
        if block.media:
            images.append((position, block.media))
    return _GAP.join(parts), spans, images


def _sections(text: str, spans: Sequence[tuple[Block, int, int]], size: int) -> Iterator[_Section]:
    """Yield the sections with their units; a heading with nothing below it goes into the section that follows."""
    current = _Section((), [])
    bare = True
    for block, start, end in spans:
        if block.kind == "heading":
            if current.units and not bare:
                yield current
                current = _Section(block.section_path, [])
            current.path = block.section_path
            current.units.append(_Unit(start, end, "heading", block.page))
            bare = True
        else:
            current.units.extend(_units(text, block, start, end, size))
            bare = False
    if current.units:
        yield current


def _units(text: str, block: Block, start: int, end: int, size: int) -> Iterator[_Unit]:
    """Yield the units of one block; each is at most `size` long where it can be cut at all."""
    if block.kind == "table":
        yield from _table_units(text, block, start, end, size)
    elif block.kind == "code" and end - start <= 2 * size:
        yield _Unit(start, end, "code", block.page)
    elif block.kind in ("code", "list"):
        for line in _LINE.finditer(text, start, end):
            indent = len(line.group()) - len(line.group().lstrip(" "))
            yield from _cut(
                text, line.start() + indent, line.start() + len(line.group().rstrip("\n")), block, size
            )
    elif block.kind in ("formula", "image"):
        yield _Unit(start, end, block.kind, block.page)
    else:
        for sentence in sentences.split(text[start:end]):
            yield from _cut(text, start + sentence.start, start + sentence.end, block, size)


def _cut(text: str, start: int, end: int, block: Block, size: int) -> Iterator[_Unit]:
    """Yield a span whole, or in pieces that end after a comma or a space when it is longer than a chunk."""
    while end - start > size:
        breaks = [match.end() for match in _CLAUSE.finditer(text, start + size // 2, start + size)]
        middle = breaks[-1] if breaks else start + size
        yield _Unit(start, middle, block.kind, block.page)
        start = middle
    if start < end:
        yield _Unit(start, end, block.kind, block.page)


def _table_units(text: str, block: Block, start: int, end: int, size: int) -> Iterator[_Unit]:
    """Yield a table whole or as runs of rows, all but the first with the header as prefix."""
    if end - start <= 2 * size:
        yield _Unit(start, end, "table", block.page)
        return
    rows = [
        (row.start(), row.start() + len(row.group().rstrip("\n"))) for row in _LINE.finditer(text, start, end)
    ]
    header = 2 if len(rows) > 2 and _SEPARATOR_ROW.fullmatch(text[slice(*rows[1])]) else 0
    prefix = text[start : rows[header][0]] if header else ""
    # A header that takes most of a chunk would leave no room for the rows it is to explain.
    prefix = prefix if len(prefix) <= size else ""
    begin, last = start, rows[header - 1][1] if header else start
    for low, high in rows[header:]:
        room = size - (len(prefix) if begin != start else 0)
        if high - begin > room and last > begin and not (begin == start and last == rows[header - 1][1]):
            yield _Unit(begin, last, "table", block.page, prefix if begin != start else "")
            begin = low
        if high - low > 3 * size:
            pieces = list(_cut(text, begin, high, block, 2 * size))
            yield from (
                replace(piece, prefix=prefix if piece.start != start else "") for piece in pieces[:-1]
            )
            begin = pieces[-1].start
        last = high
    yield _Unit(begin, last, "table", block.page, prefix if begin != start else "")


def _packed(units: Sequence[_Unit], size: int, overlap: int) -> list[_Unit]:
    """Return the units of one section joined into chunks, each given as one long unit."""
    chunks: list[_Unit] = []
    current: list[_Unit] = []
    for unit in units:
        if unit.kind == "table":
            if current and not unit.prefix and (_span(current) <= size // 4 or not _has_body(current)):
                chunks.append(_merged([*current, unit]))
            else:
                chunks.extend([_merged(current)] if current else [])
                chunks.append(unit)
            current = []
            continue
        if current and unit.end - current[0].start > size and _has_body(current):
            chunks.append(_merged(current))
            current = _tail(current, min(overlap, size - unit.length))
        current.append(unit)
    if current:
        _close(chunks, current, size)
    return chunks


def _close(chunks: list[_Unit], current: list[_Unit], size: int) -> None:
    """Add the last chunk of a section; a very short one goes into the chunk before it where that stays of a fair size."""
    last = _merged(current)
    if chunks and last.length <= size // 4:
        before = chunks[-1]
        most = 2 * size if before.kind == "table" else size + size // 4
        if len(before.prefix) + last.end - before.start <= most:
            chunks[-1] = replace(before, end=last.end)
            return
    chunks.append(last)


def _tail(units: Sequence[_Unit], overlap: int) -> list[_Unit]:
    """Return the last units that together are at most `overlap` long; a heading is never repeated."""
    tail: list[_Unit] = []
    for unit in reversed(units):
        if unit.kind in ("heading", "code") or units[-1].end - unit.start > overlap:
            break
        tail.insert(0, unit)
    return tail


def _merged(units: Sequence[_Unit]) -> _Unit:
    kinds = {unit.kind for unit in units} - {"heading"}
    kind = "table" if "table" in kinds else kinds.pop() if len(kinds) == 1 else "text"
    page = next((unit.page for unit in units if unit.kind != "heading"), units[0].page)
    return _Unit(units[0].start, units[-1].end, kind, page, units[0].prefix)


def _span(units: Sequence[_Unit]) -> int:
    return units[-1].end - units[0].start


def _has_body(units: Sequence[_Unit]) -> bool:
    return any(unit.kind != "heading" for unit in units)


def _kind(kind: str) -> ChunkKind:
    match kind:
        case "table" | "image" | "formula":
            return kind
        case _:
            return "text"


def _with_images(chunks: Sequence[ChunkDraft], images: Sequence[tuple[int, str]]) -> Iterator[ChunkDraft]:
    """Yield the chunks with the images that stand in or right after them."""
    starts = [chunk.start for chunk in chunks]
    owned: dict[int, list[str]] = {}
    for offset, name in images:
        before = [index for index, start in enumerate(starts) if start <= offset]
        owned.setdefault(before[-1] if before else 0, []).append(name)
    for chunk_ in chunks:
        yield replace(chunk_, media=tuple(owned.get(chunk_.index, ())))
