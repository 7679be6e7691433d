"""An answer without a model: the sentences of the best passage that speak of the question, verbatim."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.services.answering.citing import Writer
from knowledge.services.grounding import Span, supporting
from knowledge.services.headings import SEPARATOR
from knowledge.services.retrieval import Passage
from knowledge.services.sentences import Sentence
from knowledge.services.terms import codes, content_terms, terms

MOST_SENTENCES = 3
# Items of a list, or rows of a table, that follow the line which announces them.
_MOST_ITEMS = 8
# A further sentence must say this share of what the best one says of the question.
_LEAST_SHARE = 0.45
# What a code of the question weighs, where a Latin word weighs 2.
_CODE_WORTH = 20
_ROW = re.compile(r"\A\|.*\|\s*\Z")
_RULE = re.compile(r"\A\|[\s:|-]+\|\s*\Z")
_MARKED = re.compile(r"\A#{1,6}\s")
_TITLE = re.compile(r"\A[^。！？!?.：:]{1,30}\Z")
# "3. Fees", "2.1 Deposits": of an item of a list, or of a heading.
_NUMBER = re.compile(r"\A(?:\d{1,3}(?:\.\d{1,3})*[.)、]?|[(（]\d{1,3}[)）])\s*")
_LEVELS = re.compile(r"\A\d{1,3}(?:\.\d{1,3})+[.)、]?\s")
_ASKS = re.compile(r"[?？]\Z")
_ANNOUNCES = re.compile(r"[:：]\Z")
_ITEM = re.compile(r"\A(?:[-*+•·]|\d{1,3}[.)、]|[(（]\d{1,3}[)）])\s*")


@dataclass(frozen=True, slots=True)
class _Cut:
    """A passage in sentences, and which of them are headings."""

    sentences: Sequence[Sentence]
    headings: frozenset[int]

    def has(self, shape: re.Pattern[str], place: int) -> bool:
        """Tell whether there is a sentence of that shape at that place."""
        return 0 <= place < len(self.sentences) and bool(shape.search(self.sentences[place].text))


def extract(*, question: str, place: int, passage: Passage, writer: Writer) -> bool:
    """Write the answer that `passage` (source number `place`) holds; return False when no sentence of it fits."""
    # Orders to a model are not there: neither as an answer nor as the company of one.
    cut = supporting(passage.text)
    chosen = _chosen(question, _Cut(cut, _headings(cut, passage)))
    if not chosen:
        return False
    for number, (first, last) in enumerate(_runs(chosen, cut, passage.text)):
        start, end = cut[first].start, cut[last].end
        if number:
            writer.write("\n" if "\n" in passage.text[cut[first - 1].end : start] else " ")
        writer.write(passage.text[start:end])
        # The head of a table says nothing by itself: the rows below it are the source.
        if not _RULE.match(cut[last].text):
            writer.cite(Span(place, start, end))
    return True


def _chosen(question: str, cut: _Cut) -> list[int]:
    worth = _worths(question, cut)
    best = max(worth, default=0.0)
    if best <= 0:
        return []
    order = sorted(range(len(worth)), key=lambda place: (-worth[place], place))
    chosen = [place for place in order if worth[place] >= _LEAST_SHARE * best][:MOST_SENTENCES]
    return sorted({company for place in chosen for company in _company(cut, place)})


def _worths(question: str, cut: _Cut) -> list[float]:
    """Return how much each sentence says of the question: rare words count more, headings and table rules nothing."""
    asked = set(terms(question)) | set(content_terms(question))
    bags = [set(terms(each.text)) | set(content_terms(each.text)) for each in cut.sentences]
    known = Counter(term for bag in bags for term in bag & asked)
    named = {re.sub("[-_]", "", code) for code in codes(question)}
    worths = []
    for place, bag in enumerate(bags):
        worth = sum(
            (len(term) if term > "\u2e80" else _CODE_WORTH if term in named else 2) / (1 + known[term])
            for term in bag & asked
        )
        # The head of a table says what the rows are about, and answers nothing.
        if cut.has(_RULE, place) or cut.has(_RULE, place + 1):
            worth = 0.0
        worths.append(worth * (0.3 if place in cut.headings else 1.0))
    return worths


def _headings(cut: Sequence[Sentence], passage: Passage) -> frozenset[int]:
    """Return the places of headings: those that the document has as such, and lines that look like one."""
    known = {passage.title, *(passage.section or "").split(SEPARATOR)}
    whole = _Cut(cut, frozenset())
    return frozenset(
        place
        for place, sentence in enumerate(cut)
        if " ".join(sentence.text.split()) in known or _looks_like_heading(whole, place)
    )


def _looks_like_heading(cut: _Cut, place: int) -> bool:
    """Return whether a line is marked as a heading, or is short, has no end, and stands above what is none of this."""
    if cut.has(_MARKED, place):
        return True
    below = place + 1 < len(cut.sentences) and not _is_short(cut, place + 1)
    return below and _is_short(cut, place)


def _is_short(cut: _Cut, place: int) -> bool:
    text = cut.sentences[place].text
    number = _NUMBER.match(text)
    if cut.has(_ROW, place) or (cut.has(_ITEM, place) and not (number and _stands_alone(cut, place))):
        return False
    return bool(_TITLE.match(text[number.end() if number else 0 :]))


def _stands_alone(cut: _Cut, place: int) -> bool:
    """Return whether a numbered line belongs to no list."""
    listed = cut.has(_ITEM, place - 1) or cut.has(_ITEM, place + 1)
    return not listed or cut.has(_LEVELS, place)


def _company(cut: _Cut, place: int) -> list[int]:
    """Return a sentence with what it does not stand without: head of a table, items of a list.

    What says nothing by itself is left out: of a heading and of a question comes what stands below.
    """
    if cut.has(_ROW, place):
        head = place
        while cut.has(_ROW, head - 1):
            head -= 1
        return sorted({*([head, head + 1] if cut.has(_RULE, head + 1) else []), place})
    if cut.has(_ASKS, place) or place in cut.headings:
        return _below(cut, place)
    if cut.has(_ANNOUNCES, place):
        below = _below(cut, place)
        return [place, *below] if below else []
    return [place]


def _below(cut: _Cut, place: int) -> list[int]:
    """Return what a line speaks of: the sentence, the list or the table that comes next, past further headings."""
    first = place + 1
    while first in cut.headings:
        first += 1
    if first == len(cut.sentences) or cut.has(_ASKS, first):
        return []
    for shape in (_ITEM, _ROW):
        end = first
        while end - first < _MOST_ITEMS and cut.has(shape, end):
            end += 1
        if end > first:
            return list(range(first, end))
    return _company(cut, first)


def _runs(chosen: Sequence[int], cut: Sequence[Sentence], text: str) -> list[tuple[int, int]]:
    """Return runs of neighbours as (first, last); between two of a run stands nothing that was left out."""
    runs: list[tuple[int, int]] = []
    for place in chosen:
        joined = runs and runs[-1][1] == place - 1 and not text[cut[place - 1].end : cut[place].start].strip()
        if joined:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs
