"""Text as it is passed on, with numbers that tie each sentence to its source."""

import re
from collections.abc import Awaitable, Callable, Sequence

from knowledge.services.answers import Citation, Draft
from knowledge.services.grounding import Span
from knowledge.services.retrieval import Passage

OnText = Callable[[str], Awaitable[None]]
OnCite = Callable[[Citation], None]
_LIKE_A_CITATION = re.compile(r"\[(\d+)\]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Writer:
    """Collects what may be said, numbers its sources in the order of their first use, and passes it on.

    The numbers of the sources of a table stand in a line of their own after it: in a cell they would be data.
    """

    def __init__(
        self, passages: Sequence[Passage], on_text: OnText | None, on_cite: OnCite | None = None
    ) -> None:
        self._passages = passages
        self._on_text = on_text
        self._on_cite = on_cite
        self._written: list[str] = []
        self._waiting: list[str] = []
        self._citations: dict[Span, Citation] = {}
        self._held: list[Citation] = []
        # The line that is being written, and the line ends after the last word.
        self._line, self._ends = "", 0

    @property
    def empty(self) -> bool:
        """Tell whether nothing has been written."""
        return not self._written and not self._waiting

    def write(self, text: str) -> None:
        """Add text that is known to be supported; what looks like a citation in it gets other brackets."""
        for line in _LINE.findall(_LIKE_A_CITATION.sub(r"［\1］", text)):
            begins = not self._line.strip() and bool(line.strip())
            if self._held and begins and not _is_row(line):
                self._release()
                self._put("\n\n")
            self._put(line)

    def cite(self, span: Span) -> None:
        """Add the number of the source that supports what was written last."""
        passage = self._passages[span.source]
        if span not in self._citations:
            self._citations[span] = Citation(
                n=len(self._citations) + 1,
                passage=passage,
                quote=passage.text[span.start : span.end],
                start=passage.start + span.start,
                end=passage.start + span.end,
            )
            if self._on_cite is not None:
                self._on_cite(self._citations[span])
        self._held.append(self._citations[span])
        if not _is_row(self._line):
            self._show_held()

    async def close(self) -> None:
        """Pass on the rest: nothing more will be written."""
        if self._held:
            self._release()
        await self.flush()

    async def flush(self) -> None:
        """Pass on what was added since the last time."""
        text = "".join(self._waiting)
        if not text:
            return
        self._written.append(text)
        self._waiting.clear()
        if self._on_text is not None:
            await self._on_text(text)

    def _release(self) -> None:
        """Put the numbers of the sources of a table after it, in a paragraph of their own."""
        self._put("\n" * max(0, 2 - self._ends))
        self._show_held()

    def _show_held(self) -> None:
        for number in dict.fromkeys(each.n for each in self._held):
            self._put(f"[{number}]")
        self._held.clear()

    def _put(self, text: str) -> None:
        self._waiting.append(text)
        self._line = (self._line + text).rpartition("\n")[2]
        trimmed = text.rstrip()
        self._ends = text[len(trimmed) :].count("\n") + (0 if trimmed else self._ends)

    def draft(self) -> Draft:
        """Return all that was passed on, with its citations."""
        return Draft("".join(self._written), tuple(self._citations.values()))


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")
