"""Reads an answer while it is written and lets through only what the sources support.

A sentence that a source supports passes when it is complete. One that is copied from a source passes as it comes: as long
as it is the beginning of a source's sentence, what has been passed on is supported; should it then go astray, the source's
own sentence is put in the place of the rest, so that nothing half-said remains. The numbers that the model writes are
hints; which span a sentence rests on is decided here.
"""

import re
from collections.abc import Sequence

from knowledge.services import sentences
from knowledge.services.answering.citing import Writer
from knowledge.services.grounding import Span, support, supporting

_OPENING = "[【"
_MARK = re.compile(r"[\[【]\d{1,3}(?:[,，、]\s?\d{1,3}){0,5}[\]】]")
_MAYBE_MARK = re.compile(r"[\[【][\d,，、 ]{0,24}")
_ENDS = "。！？!?"
_CLOSERS = "”’」』）)】》\"'"
# A dot that ends no sentence: after the number of a list item, an initial, a common abbreviation.
_NO_END = re.compile(r"(?:^|\s)(?:\d{1,3}|[A-Za-z]|e\.g|i\.e|etc|vs|No|Mr|Ms|Dr)\.$")
# So much of a source's sentence must have been repeated before it counts as copied, in half-width characters.
_COPIED_WIDTH = 10


class Verifier:
    """Takes a model's text piece by piece and writes what is supported to `writer`."""

    def __init__(self, sources: Sequence[str], writer: Writer) -> None:
        self._sources = sources
        self._writer = writer
        self._all = [(place, found) for place, text in enumerate(sources) for found in supporting(text)]
        self._mark = ""
        self._begin(gap="")

    def _begin(self, *, gap: str) -> None:
        self._gap, self._sentence, self._after = gap, "", ""
        self._ended = False
        self._hint: int | None = None
        self._copied = self._all
        self._origin: tuple[int, sentences.Sentence] | None = None
        self._passed = 0

    async def feed(self, text: str) -> None:
        """Take the next piece."""
        for character in text:
            self._take(character)
        await self._writer.flush()

    async def finish(self, *, broken: bool) -> None:
        """Take the end; `broken` when the text stopped in its middle, so that the last sentence is not to be trusted."""
        rest, self._mark = self._mark, ""
        for character in "" if broken else rest:
            self._add(character)
        self._settle(complete=self._ended or not broken)
        await self._writer.close()

    def _take(self, character: str) -> None:
        """Tell citations from text."""
        if not self._mark and character not in _OPENING:
            self._add(character)
            return
        self._mark += character
        if _MARK.fullmatch(self._mark):
            first = re.search(r"\d+", self._mark)
            self._hint = int(first.group()) - 1 if first else None
            self._mark = ""
            # A heading has no full stop: the number after it is where it ends.
            self._ended = self._ended or any(found.text == self._sentence for _, found in self._copied)
        elif not _MAYBE_MARK.fullmatch(self._mark):
            text, self._mark = self._mark, ""
            for held in text:
                self._add(held)

    def _add(self, character: str) -> None:
        if self._ended:
            if character.isspace():
                self._after += character
                return
            if self._goes_on(character):
                self._sentence, self._after, self._ended = self._sentence + self._after, "", False
            elif self._after or character not in _CLOSERS:
                self._settle(complete=True)
        if not self._sentence and character.isspace():
            self._gap += character
            return
        if character == "\n" or (character.isspace() and self._is_full_stop()):
            self._ended, self._after = True, character
            return
        self._sentence += character
        self._ended = self._ended or character in _ENDS
        self._follow()

    def _goes_on(self, character: str) -> bool:
        """Return whether what looked like a full stop was an abbreviation's: a small letter follows it."""
        return self._sentence.endswith(".") and character.islower() and "\n" not in self._after

    def _is_full_stop(self) -> bool:
        return self._sentence.endswith(".") and not _NO_END.search(self._sentence)

    def _follow(self) -> None:
        """Pass on what has been copied from a source so far."""
        self._copied = [item for item in self._copied if item[1].text.startswith(self._sentence)]
        width = sum(1 + (character > "\u2e80") for character in self._sentence)
        if self._copied and width >= _COPIED_WIDTH:
            self._origin = self._copied[0]
            self._pass(self._sentence[self._passed :])

    def _settle(self, *, complete: bool) -> None:
        """Decide on the sentence that has come: let it through, put its source's in its place, or drop it."""
        if self._sentence:
            span = self._span() if complete else None
            if span is None and self._origin is not None:
                place, original = self._origin
                span = Span(place, original.start, original.end)
                self._pass(original.text[self._passed :])
            elif span is not None:
                self._pass(self._sentence[self._passed :])
            if span is not None:
                self._writer.cite(span)
        self._begin(gap=self._after)

    def _span(self) -> Span | None:
        exact = [(place, found) for place, found in self._copied if found.text == self._sentence]
        for place, found in sorted(exact, key=lambda item: item[0] != self._hint):
            return Span(place, found.start, found.end)
        return support(self._sentence, self._sources, hint=self._hint)

    def _pass(self, text: str) -> None:
        if not text:
            return
        if not self._passed and not self._writer.empty and self._gap:
            self._writer.write("\n" if "\n" in self._gap else " ")
        self._writer.write(text)
        self._passed += len(text)
