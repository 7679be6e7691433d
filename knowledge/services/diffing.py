"""What changed between two versions of a document, passage by passage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, Protocol

from rapidfuzz import fuzz

from knowledge.services import headings

Op = Literal["equal", "add", "remove", "change"]
_EQUAL_CHARACTERS = 200
# Two passages are one that was changed when this many of a hundred parts of their words agree.
_SAME_PASSAGE = 55.0


class Piece(Protocol):
    """What a chunk must tell to be compared. `start` and `end` are offsets in the text of its version."""

    @property
    def text(self) -> str:
        """Return the chunk's text; its last `end - start` characters are the version's own."""

    @property
    def section(self) -> str:
        """Return the headings above, as `headings.path` writes them."""

    @property
    def page(self) -> int | None:
        """Return the page, None where there are none."""

    @property
    def start(self) -> int:
        """Return where the chunk begins in the version's text."""

    @property
    def end(self) -> int:
        """Return where it ends."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One passage, or several equal ones in a row. `section` and `page` are the new version's, the old one's if removed."""

    op: Op
    section: str
    page: int | None
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Stats:
    """How many passages (paragraphs, list items, table rows) were added, removed, changed and left alone."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Diff:
    """The hunks that lead from the old version to the new one, in reading order, and their counts."""

    stats: Stats
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class _Passage:
    section: str
    page: int | None
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return headings.nearest(self.section), " ".join(self.text.split())


def diff(old_chunks: Sequence[Piece], new_chunks: Sequence[Piece]) -> Diff:
    """Return the difference between two versions, given their chunks in reading order.

    Overlaps of chunks are taken out first, so that where the cuts fall does not matter. Passages are compared within
    their sections; one that mostly agrees with its counterpart is a change. Texts of equal hunks are cut to 200
    characters.
    """
    old, new = list(_passages(old_chunks)), list(_passages(new_chunks))
    matcher = SequenceMatcher(None, [p.key for p in old], [p.key for p in new], autojunk=False)
    hunks: list[Hunk] = []
    counts = {"equal": 0, "add": 0, "remove": 0, "change": 0}
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        if tag == "equal":
            counts["equal"] += high - low
            hunks.extend(_equal(old[low:high], new[new_low:new_high]))
            continue
        for hunk in _replaced(old[low:high], new[new_low:new_high]):
            counts[hunk.op] += 1
            hunks.append(hunk)
    stats = Stats(counts["add"], counts["remove"], counts["change"], counts["equal"])
    return Diff(stats, tuple(hunks))


def _passages(chunks: Sequence[Piece]) -> Iterator[_Passage]:
    """Yield the lines of a version, each with its section and page, without what chunks repeat of each other."""
    covered = 0
    pending: _Passage | None = None
    for chunk in chunks:
        body = chunk.text[len(chunk.text) - (chunk.end - chunk.start) :]
        fresh = body[max(0, covered - chunk.start) :]
        lines = fresh.split("\n")
        # A chunk that begins in the middle of a line goes on with the passage before it.
        if pending is not None and lines and chunk.start <= covered and pending.section == chunk.section:
            pending = _Passage(pending.section, pending.page, pending.text + lines.pop(0))
        elif (
            pending is not None
            and lines
            and _same_line(chunks, chunk, covered)
            and pending.section == chunk.section
        ):
            pending = _Passage(pending.section, pending.page, f"{pending.text} {lines.pop(0).strip()}")
        for line in lines:
            if pending is not None and pending.text.strip():
                yield pending
            pending = _Passage(chunk.section, chunk.page, line)
        covered = max(covered, chunk.end)
    if pending is not None and pending.text.strip():
        yield pending


def _same_line(chunks: Sequence[Piece], chunk: Piece, covered: int) -> bool:
    """Tell whether only a single space can lie between the last chunk and this one: sentences of one paragraph."""
    return (
        chunk.start - covered == 1 and chunk.text == chunk.text[len(chunk.text) - (chunk.end - chunk.start) :]
    )


def _equal(old: Sequence[_Passage], new: Sequence[_Passage]) -> Iterator[Hunk]:
    """Yield one hunk for each run of equal passages of a section."""
    start = 0
    for index in range(1, len(new) + 1):
        if index == len(new) or new[index].section != new[start].section:
            before = "\n".join(passage.text for passage in old[start:index])[:_EQUAL_CHARACTERS]
            after = "\n".join(passage.text for passage in new[start:index])[:_EQUAL_CHARACTERS]
            yield Hunk("equal", new[start].section, new[start].page, before, after)
            start = index


def _replaced(old: Sequence[_Passage], new: Sequence[_Passage]) -> Iterator[Hunk]:
    """Yield the hunks of a region that differs: pairs that resemble each other, in order, and what is left over."""
    position = 0
    for passage in new:
        match = _counterpart(passage, old, position)
        if match is None:
            yield Hunk("add", passage.section, passage.page, None, passage.text)
            continue
        for gone in old[position:match]:
            yield Hunk("remove", gone.section, gone.page, gone.text, None)
        yield Hunk("change", passage.section, passage.page, old[match].text, passage.text)
        position = match + 1
    for gone in old[position:]:
        yield Hunk("remove", gone.section, gone.page, gone.text, None)


def _counterpart(passage: _Passage, old: Sequence[_Passage], position: int) -> int | None:
    """Return the index of the old passage from `position` on that this one came from; only the next forty are looked at."""
    best, best_score = None, _SAME_PASSAGE
    for index in range(position, min(len(old), position + 40)):
        score = fuzz.ratio(old[index].text, passage.text)
        if headings.nearest(old[index].section) == headings.nearest(passage.section):
            score += 10
        if score > best_score:
            best, best_score = index, score
    return best
