"""What a parser gives back, the same for every format, and its JSON form for the way out of the child process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

BlockKind = Literal["heading", "text", "list", "table", "code", "formula", "image"]
# Called with (done, total): pages, sheets or whatever the format is made of.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document in reading order.

    `level` is 1–6 for a heading and 0 otherwise; `section_path` are the headings above it, outermost first, a heading's
    own text included. `page` counts from one and is None where the format has no pages. A table's text is Markdown, a
    formula's is LaTeX, an image's is its description, which may be empty; `media` names the file in `Parsed.media`.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    order: int = 0
    section_path: tuple[str, ...] = ()
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """An image found in a document. `path` is where its bytes were written, None when no folder was given for them.

    `figure` is its number as printed (图 3, Figure 3), empty when it has none; `caption` is its caption without the number,
    or what else describes it. `order` is the place of its block in the document.
    """

    name: str
    mime: str
    size_bytes: int
    page: int | None = None
    caption: str = ""
    path: str | None = None
    figure: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class ParseProblem:
    """A part that could not be read, in words for a person; the rest of the document was."""

    code: str
    message: str
    page: int | None = None
    sheet: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole document. `page_count` counts pages, sheets for a workbook, and is None where there is no such thing."""

    kind: str
    blocks: tuple[Block, ...]
    title: str = ""
    page_count: int | None = None
    language: str = "zh"
    errors: tuple[ParseProblem, ...] = ()
    media: tuple[Media, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a structure of JSON types that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Parsed":
        """Return the value that `to_json` was called on."""
        return cls(
            kind=data["kind"],
            blocks=tuple(
                Block(**{**block, "section_path": tuple(block["section_path"])}) for block in data["blocks"]
            ),
            title=data["title"],
            page_count=data["page_count"],
            language=data["language"],
            errors=tuple(ParseProblem(**problem) for problem in data["errors"]),
            media=tuple(Media(**item) for item in data["media"]),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost. Sizes are bytes, times are seconds; pages, cells and the rest are counts."""

    max_pages: int = 1000
    max_cells: int = 500_000
    max_characters: int = 20_000_000
    max_unpacked_bytes: int = 500 * 1024 * 1024
    max_ratio: int = 100
    max_image_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 40_000_000
    max_attachments: int = 50
    max_nesting: int = 3
    ocr_seconds: float = 150.0
    memory_bytes: int = 1536 * 1024 * 1024
    cpu_seconds: int = 120
    wall_seconds: float = 300.0
    table_seconds: float = 40.0

    def to_json(self) -> dict[str, Any]:
        """Return the keyword arguments that make an equal value."""
        return asdict(self)


@dataclass(slots=True)
class Allowance:
    """How many seconds of something slow a file may still cost, those of files inside it included.

    `begin` is called each time before some of it is spent.
    """

    seconds: float
    begin: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Draft:
    """Collects the blocks of one document and keeps count of order, sections, size and problems."""

    kind: str
    title: str = ""
    page_count: int | None = None
    blocks: list[Block] = field(default_factory=list)
    errors: list[ParseProblem] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    _sections: list[tuple[int, str]] = field(default_factory=list)

    def heading(self, text: str, level: int, page: int | None = None) -> None:
        """Add a heading, which opens a section and closes those of its own or a deeper level."""
        text = " ".join(text.split())
        if not text:
            return
        while self._sections and self._sections[-1][0] >= level:
            self._sections.pop()
        self._sections.append((level, text))
        self._add("heading", text, page=page, level=level)

    def add(self, kind: BlockKind, text: str, page: int | None = None, *, media: str | None = None) -> None:
        """Add a block of another kind; one without text is dropped unless it stands for an image file."""
        text = text.strip("\n").rstrip() if kind == "code" else text.strip()
        if text or media:
            self._add(kind, text, page=page, media=media)

    def problem(
        self,
        code: str,
        message: str,
        *,
        page: int | None = None,
        sheet: str | None = None,
        row: int | None = None,
    ) -> None:
        """Note a part that could not be read."""
        self.errors.append(ParseProblem(code, message, page, sheet, row))

    def extend(self, blocks: Sequence[Block]) -> None:
        """Add blocks made elsewhere, as if each had been added here."""
        for block in blocks:
            if block.kind == "heading":
                self.heading(block.text, block.level, block.page)
            else:
                self.add(block.kind, block.text, block.page, media=block.media)

    @property
    def has_text(self) -> bool:
        """Tell whether anything but headings made from names and undescribed images was read."""
        return any(block.text for block in self.blocks)

    def _add(
        self, kind: BlockKind, text: str, *, page: int | None, level: int = 0, media: str | None = None
    ) -> None:
        path = tuple(title for _, title in self._sections)
        self.blocks.append(Block(kind, text, level, page, len(self.blocks), path, media))
