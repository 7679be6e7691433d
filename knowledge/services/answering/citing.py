"""Text as it is passed on, with numbers that tie each sentence to its source."""

import re
from collections.abc import Awaitable, Callable, Sequence

from knowledge.services.answers import Citation, Draft
from knowledge.services.grounding import Span
from knowledge.services.retrieval import Passage

OnText = Callable[[str], Awaitable[None]]
OnCite = Callable[[Citation], None]
_LIKE_A_CITATION = re.compile(r"\[(\d+)\]")


class Writer:
    """Collects what may be said, numbers its sources in the order of their first use, and passes it on."""

    def __init__(
        self, passages: Sequence[Passage], on_text: OnText | None, on_cite: OnCite | None = None
    ) -> None:
        self._passages = passages
        self._on_text = on_text
        self._on_cite = on_cite
        self._written: list[str] = []
        self._waiting: list[str] = []
        self._citations: dict[Span, Citation] = {}

    @property
    def empty(self) -> bool:
        """Tell whether nothing has been written."""
        return not self._written and not self._waiting

    def write(self, text: str) -> None:
        """Add text that is known to be supported; what looks like a citation in it gets other brackets."""
        self._waiting.append(_LIKE_A_CITATION.sub(r"［\1］", text))

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
        self._waiting.append(f"[{self._citations[span].n}]")

    async def flush(self) -> None:
        """Pass on what was added since the last time."""
        text = "".join(self._waiting)
        if not text:
            return
        self._written.append(text)
        self._waiting.clear()
        if self._on_text is not None:
            await self._on_text(text)

    def draft(self) -> Draft:
        """Return all that was passed on, with its citations."""
        return Draft("".join(self._written), tuple(self._citations.values()))
