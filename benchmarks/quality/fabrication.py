"""Whether anything is said that no source says: questions answered as chat does, by nobody and by models that mislead.

Judged apart from the product: what stands before a number `[n]` must stand letter for letter in the entry that `n` names.
The stand-ins take their sentences from the sources or spoil them, so whatever passes and is not there was made up.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.quality.sets import QuestionSet

MODELS = ("none", "invents", "distorts")
# Of each kind of question, and texts beside those that answer them.
ASKED, BESIDE = 25, 60
_MOST_SIMILAR = 5
_MARKS = re.compile(r"(?:\s*\[\d{1,3}\])+")
_NUMBER = re.compile(r"\[(\d{1,3})\]")
# Parts between semicolons stand by themselves: two of one source may be passed on without what stood between them.
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
# Words that join a sentence to the one before it say nothing by themselves.
_OPENING = re.compile(r"\A(?:另外|此外|同时|而且|also|besides|moreover)[，,]\s*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_BRACKETS = str.maketrans("［］", "[]")


@dataclass(frozen=True)
class Tally:
    """What came of one model: sentences that were passed on, those that no source says, and lies that it told."""

    model: str
    answers: int
    sentences: int
    unsupported: tuple[str, ...]
    lies: int


@dataclass(frozen=True)
class Trial:
    """What is asked of which texts."""

    entries: list[dict[str, Any]]
    questions: list[str]


def trial(chosen: QuestionSet, *, asked: int = ASKED) -> Trial:
    """Return a part of a set small enough to be answered several times, each entry as a text; the same one each time."""
    draw = random.Random(7)
    part = chosen.sampled(asked)
    golds = {name for _, names in part.asked for name in names}
    rest = [entry for entry in chosen.knowledge if entry["id"] not in golds]
    kept = golds | {entry["id"] for entry in draw.sample(rest, min(BESIDE, len(rest)))}
    entries = [
        {"id": str(entry["id"]), "question": entry["question"], "text": _text(entry)}
        for entry in chosen.knowledge
        if entry["id"] in kept
    ]
    return Trial(entries, part.questions)


def _text(entry: Mapping[str, Any]) -> str:
    parts = [entry["question"], *entry.get("similar", ())[:_MOST_SIMILAR], entry.get("answer", "")]
    return "\n".join(part for part in parts if part)


def tallied(trial: Trial, lines: Sequence[Mapping[str, Any]]) -> list[Tally]:
    """Return what each model's answers come to."""
    texts = {entry["id"]: _squeezed(entry["text"]) for entry in trial.entries}
    return [
        _tally(model, [line for line in lines if line["model"] == model], texts)
        for model in dict.fromkeys(line["model"] for line in lines)
    ]


def _tally(model: str, lines: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> Tally:
    answered = [line for line in lines if line["outcome"] == "answered"]
    unsupported = [wrong for line in answered for wrong in unsupported_in(line, texts)]
    everything = "\n".join(texts.values())
    return Tally(
        model=model,
        answers=len(answered),
        sentences=sum(len(sentences(line["text"])) for line in answered),
        unsupported=tuple(unsupported),
        lies=sum(_squeezed(said) not in everything for line in lines for said in sentences(line["written"])),
    )


def unsupported_in(line: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    """Return what an answer says that the entries it cites do not, and the quotes that are not theirs."""
    entry_of = {citation["n"]: citation["entry"] for citation in line["citations"]}
    wrong = [
        citation["quote"]
        for citation in line["citations"]
        if _squeezed(citation["quote"]) not in texts[citation["entry"]]
    ]
    rest = 0
    for marks in _MARKS.finditer(line["text"]):
        cited = [texts[entry_of[int(number)]] for number in _NUMBER.findall(marks.group())]
        wrong += _not_in(line["text"][rest : marks.start()], cited)
        rest = marks.end()
    # What no number follows has no source.
    return wrong + _not_in(line["text"][rest:], [])


def _not_in(text: str, cited: Sequence[str]) -> list[str]:
    return [said for said in sentences(text) if not any(_squeezed(said) in each for each in cited)]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text without the numbers of its sources."""
    found = (_OPENING.sub("", each.strip()) for each in _SENTENCE.findall(_MARKS.sub("\n", text)))
    return [each for each in found if re.search(r"\w", each)]


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text.translate(_BRACKETS))


def read(text: str) -> list[dict[str, Any]]:
    """Return the lines that `manage.py answer_questions` has written."""
    return [json.loads(line) for line in text.splitlines()]


def summed(tallies: Sequence[Tally]) -> str:
    """Return what is shown of all models in a cell: sentences that no source says of those said, and lies told."""
    wrong = sum(len(tally.unsupported) for tally in tallies)
    return f"{wrong} of {sum(tally.sentences for tally in tallies)} ({sum(tally.lies for tally in tallies)} lies told)"
