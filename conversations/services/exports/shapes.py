"""What goes into an exported file, whatever its format: a paper of entries, each with its references and its media."""

from dataclasses import dataclass
from typing import Literal

from kimono.providers.drawing import Printable

Format = Literal["pdf", "docx", "json", "csv"]
Side = Literal["contact", "bot", "agent", "system"]
MediumKind = Literal["image", "table", "formula", "file"]


@dataclass(frozen=True, slots=True)
class Medium:
    """An image, a table, a formula or a file that belongs to a cited passage.

    `caption` says all that is to stand under it: its figure or table number, its name, its document and page.
    `markdown` is a table's text, `latex` a formula's; an image's `picture` is drawn from `attachment_id` when the paper is
    laid out.
    """

    kind: MediumKind
    caption: str
    figure: str = ""
    markdown: str = ""
    latex: str = ""
    attachment_id: str = ""
    picture: Printable | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What `[n]` stands for: title, section, page and figure or table numbers, as far as they are known, and the quote."""

    n: int
    parts: tuple[str, ...]
    quote: str

    @property
    def label(self) -> str:
        """Return what stands before the quote."""
        return " – ".join(self.parts)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `content` is Markdown when `marked_up`, else it is shown as it was written."""

    heading: str
    side: Side
    at: str
    content: str
    marked_up: bool
    references: tuple[Reference, ...] = ()
    media: tuple[Medium, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole file. `kind` decides the layout; `facts` are the lines of its head as (name, value)."""

    kind: Literal["answer", "conversation"]
    title: str
    merchant: str
    language: Literal["zh", "en"]
    facts: tuple[tuple[str, str], ...] = ()
    entries: tuple[Entry, ...] = ()
    foot: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A finished file with its two names: `ascii_name` for clients that know no other letters."""

    content: bytes
    mime: str
    name: str
    ascii_name: str
