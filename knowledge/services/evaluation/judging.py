"""Whether an answer is what was expected of its question, judged by rules alone so that two runs judge alike.

A passage is relevant when it is one of the expected sources (a public id, the source or title of a document, or the
question of a pair); where none is named, when it holds every expected keyword. An answer is right when it holds every
expected keyword; without keywords, when it says most of the reference answer; without that, when it cites a relevant
passage. A question that has no answer is dealt with rightly when none is given.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.services import grounding, sentences
from knowledge.services.answers import Answer
from knowledge.services.evaluation.cases import Case
from knowledge.services.folding import fold
from knowledge.services.retrieval import Passage
from knowledge.services.terms import content_terms, numbers

# Of the content words of a reference answer that a right answer says.
LEAST_SAID = 0.6
MOST_SHOWN = 2_000
_MARK = re.compile(r"\[\d{1,3}\]")
_BRACKETS = str.maketrans({"［": "[", "］": "]"})
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Verdict:
    """What came of a case.

    `expected` is how many relevant things there are (0 where nothing says so), `found` how many of them are among the
    passages, `relevant` how many of the passages are, `unsupported` how many sentences of the answer no passage bears.
    """

    answer: str
    retrieved: tuple[dict[str, Any], ...]
    expected: int
    found: int
    relevant: int
    rank: int | None
    abstained: bool
    correct: bool
    fabricated: bool
    unsupported: int = 0

    @property
    def hit(self) -> bool:
        """Tell whether anything relevant was found."""
        return self.found > 0

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "hit": self.hit}


def from_stored(values: dict[str, Any]) -> Verdict:
    """Return a verdict that was stored as JSON."""
    known = {name: value for name, value in values.items() if name != "hit"}
    return Verdict(**{**known, "retrieved": tuple(known["retrieved"])})


def of_search(case: Case, passages: Sequence[Passage], *, answerable: bool) -> Verdict:
    """Judge what a search found: it answers when `answerable`, and rightly when its best passage is relevant."""
    verdict = _looked(case, passages)
    right = not case.answerable
    if answerable:
        right = case.answerable and (verdict.rank == 1 or not verdict.expected)
    return _with(verdict, answer="", abstained=not answerable, correct=right, case=case, unsupported=0)


def of_answer(case: Case, given: Answer) -> Verdict:
    """Judge an answer; one that refuses or asks back counts as none."""
    verdict = _looked(case, given.passages)
    abstained = given.outcome != "answered"
    right = not case.answerable if abstained else case.answerable and _is_right(case, given)
    unsupported = 0 if abstained else len(unsupported_sentences(given))
    return _with(
        verdict, answer=given.text, abstained=abstained, correct=right, case=case, unsupported=unsupported
    )


def _with(
    verdict: Verdict, *, answer: str, abstained: bool, correct: bool, case: Case, unsupported: int
) -> Verdict:
    return Verdict(
        answer=answer[:MOST_SHOWN],
        retrieved=verdict.retrieved,
        expected=verdict.expected,
        found=verdict.found,
        relevant=verdict.relevant,
        rank=verdict.rank,
        abstained=abstained,
        correct=correct,
        fabricated=not abstained and not case.answerable,
        unsupported=unsupported,
    )


def _looked(case: Case, passages: Sequence[Passage]) -> Verdict:
    """Return what can be said of the passages alone."""
    judged = [is_relevant(case, passage) for passage in passages]
    if case.expected_sources:
        expected = len(case.expected_sources)
        found = sum(
            any(_is_named(source, passage) for passage in passages) for source in case.expected_sources
        )
    else:
        expected = int(bool(case.expected_answer_keywords) and case.answerable)
        found = int(any(judged))
    rank = next((place for place, relevant in enumerate(judged, start=1) if relevant), None)
    return Verdict(
        answer="",
        retrieved=tuple({"source": p.source[:200], "score": round(p.score, 4)} for p in passages),
        expected=expected,
        found=found if expected else 0,
        relevant=sum(judged),
        rank=rank,
        abstained=False,
        correct=False,
        fabricated=False,
    )


def is_relevant(case: Case, passage: Passage) -> bool:
    """Return whether a passage is what a case expects to be found."""
    if case.expected_sources:
        return any(_is_named(source, passage) for source in case.expected_sources)
    keywords = case.expected_answer_keywords
    return bool(keywords) and _holds_all(keywords, f"{passage.title}\n{passage.text}")


def _is_named(source: str, passage: Passage) -> bool:
    wanted = fold(source)
    names = (
        passage.qa_id,
        passage.chunk_id,
        passage.doc_id,
        passage.source,
        passage.title,
        passage.question,
    )
    return any(
        wanted == folded or folded.endswith(f"/{wanted}") for name in names if name and (folded := fold(name))
    )


def _holds_all(keywords: Sequence[str], text: str) -> bool:
    squeezed = _squeezed(text)
    return all(_squeezed(keyword) in squeezed for keyword in keywords)


def _squeezed(text: str) -> str:
    return _SPACE.sub("", fold(text))


def _is_right(case: Case, given: Answer) -> bool:
    if case.expected_answer_keywords:
        return _holds_all(case.expected_answer_keywords, given.text)
    if case.reference_answer:
        return _says(given.text, case.reference_answer)
    if case.expected_sources:
        return any(is_relevant(case, citation.passage) for citation in given.citations)
    return True


def _says(answer: str, reference: str) -> bool:
    words = set(content_terms(reference))
    said = set(content_terms(answer))
    if not words:
        return _squeezed(reference) in _squeezed(answer)
    stated = set(numbers(answer))
    agree = not stated or not set(numbers(reference)) or bool(stated & set(numbers(reference)))
    return agree and len(words & said) >= LEAST_SAID * len(words)


def unsupported_sentences(given: Answer) -> list[str]:
    """Return the sentences of an answer that none of its passages bears, judged apart from how it was written."""
    texts = [citation.passage.text for citation in given.citations]
    plain = _MARK.sub("", given.text)
    return [
        sentence.text for sentence in sentences.split(plain) if not _is_borne(sentence.text.strip(), texts)
    ]


def _is_borne(sentence: str, texts: Sequence[str]) -> bool:
    if not re.search(r"\w", sentence):
        return True
    bare = _squeezed(sentence.translate(_BRACKETS))
    if any(bare in _squeezed(text.translate(_BRACKETS)) for text in texts):
        return True
    return grounding.support(sentence, texts) is not None
