"""An answer without a model: the sentences of the best passage that speak of the question, verbatim."""

import re
from collections import Counter
from collections.abc import Sequence

from knowledge.services.answering.citing import Writer
from knowledge.services.grounding import Span, supporting
from knowledge.services.retrieval import Passage
from knowledge.services.sentences import Sentence
from knowledge.services.terms import codes, content_terms, terms

MOST_SENTENCES = 3
# Items of a list that follow the sentence which announces them.
_MOST_ITEMS = 8
# A further sentence must say this share of what the best one says of the question.
_LEAST_SHARE = 0.45
# What a code of the question weighs, where a Latin word weighs 2.
_CODE_WORTH = 20
_ROW = re.compile(r"\|.*\|\s*\Z")
_RULE = re.compile(r"\|[\s:|-]+\|\s*\Z")
_HEADING = re.compile(r"#{1,6}\s|[^。！？!?.：:]{1,30}\Z")
_ITEM = re.compile(r"(?:[-*+•·]|\d{1,3}[.)、]|[(（]\d{1,3}[)）])\s*")


def extract(*, question: str, place: int, passage: Passage, writer: Writer) -> bool:
    """Write the answer that `passage` (source number `place`) holds; return False when no sentence of it fits."""
    # Orders to a model are not there: neither as an answer nor as the company of one.
    cut = supporting(passage.text)
    chosen = _chosen(question, cut)
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


def _chosen(question: str, cut: Sequence[Sentence]) -> list[int]:
    worth = _worths(question, cut)
    best = max(worth, default=0.0)
    if best <= 0:
        return []
    order = sorted(range(len(cut)), key=lambda place: (-worth[place], place))
    chosen = [place for place in order if worth[place] >= _LEAST_SHARE * best][:MOST_SENTENCES]
    with_company = {company for place in chosen for company in _company(cut, place)}
    return sorted(with_company)


def _worths(question: str, cut: Sequence[Sentence]) -> list[float]:
    """Return how much each sentence says of the question: rare words count more, headings and table rules nothing."""
    asked = set(terms(question)) | set(content_terms(question))
    bags = [set(terms(sentence.text)) | set(content_terms(sentence.text)) for sentence in cut]
    known = Counter(term for bag in bags for term in bag & asked)
    named = {re.sub("[-_]", "", code) for code in codes(question)}
    worths = []
    for place, (sentence, bag) in enumerate(zip(cut, bags, strict=True)):
        worth = sum(
            (len(term) if term > "\u2e80" else _CODE_WORTH if term in named else 2) / (1 + known[term])
            for term in bag & asked
        )
        if _RULE.match(sentence.text) or _is_head(cut, place):
            worth = 0.0
        worths.append(worth * (0.3 if _is_heading(sentence.text) else 1.0))
    return worths


def _is_head(cut: Sequence[Sentence], place: int) -> bool:
    """Return whether a sentence is the head of a table: it says what the rows are about, and answers nothing."""
    return place + 1 < len(cut) and bool(_RULE.match(cut[place + 1].text))


def _is_heading(text: str) -> bool:
    return not _ROW.match(text) and not _ITEM.match(text) and bool(_HEADING.match(text))


def _company(cut: Sequence[Sentence], place: int) -> list[int]:
    """Return a sentence with what it does not stand without: head of a table, text of a heading, items of a list."""
    text = cut[place].text
    if _ROW.match(text):
        head = place
        while head > 0 and _ROW.match(cut[head - 1].text):
            head -= 1
        ruled = head + 1 < len(cut) and _RULE.match(cut[head + 1].text)
        return sorted({*([head, head + 1] if ruled else []), place})
    if text.rstrip().endswith((":", "：")):
        end = place + 1
        while end < len(cut) and end - place <= _MOST_ITEMS and _ITEM.match(cut[end].text):
            end += 1
        return list(range(place, max(end, min(place + 2, len(cut)))))
    if _is_heading(text) and place + 1 < len(cut):
        return [place + 1]
    return [place]


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
