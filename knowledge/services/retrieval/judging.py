"""A chat model's word on whether the best passages answer a question, where search is neither sure of it nor of "no"."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from kimono import providers
from kimono.lib.db import current_tenant
from knowledge.services import prompts
from knowledge.services.prompts import source_block
from knowledge.services.retrieval.shapes import Found, Passage, degraded_by, is_answerable
from knowledge.services.tuning import Params

log = logging.getLogger(__name__)

PROMPT = ("judge_answerable", "v1")
SECONDS = 5.0
# So many of the best passages are read.
READ = 5
# A pair that holds an answer with this probability is given without a question to anybody.
SURE = 0.9
# What is further from the threshold than this share of it, or holds an answer less often than one time in ten, is "no"
# without one.
LEAST_SHARE = 0.5
LEAST_ANSWERABLE = 0.1
# What a verdict does to the odds that a passage answers: a model that reads both is right far more often than not.
FOR, AGAINST = 9.0, 1 / 9
_MOST_TOKENS = 60
_MOST_CHARACTERS = 1_200
_VERDICTS = ("answered", "ambiguous", "not_answered")

Verdict = Literal["answered", "ambiguous", "not_answered"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model said: `place` is the passage that answers, or that is likeliest meant, from 0; None for none."""

    verdict: Verdict
    place: int | None


def configured() -> str:
    """Return the name of the judge with the prompt it is given, or an empty string without a chat model."""
    model = providers.current().chat
    return f"{model.provider}/{model.model}/{'_'.join(PROMPT)}" if model is not None else ""


def wanted(params: Params) -> int:
    """Return how many of the best passages the judge reads, however many are shown."""
    return min(READ, params.rerank_top_k)


def is_doubtful(found: Found, *, params: Params) -> bool:
    """Tell whether it is worth asking: something is near, and search alone is not sure of it.

    What is taken out of a chunk is written by the model and held against the question then; a threshold that the
    merchant fixed is its own word for "sure".
    """
    if not found.passages:
        return False
    first = found.passages[0]
    if found.answerable:
        return first.kind == "qa" and params.threshold_mode == "auto" and first.answerable < SURE
    return first.score >= LEAST_SHARE * found.threshold and first.answerable >= LEAST_ANSWERABLE


async def judged(found: Found, *, query: str, params: Params, ref: str, seconds: float = SECONDS) -> Found:
    """Return what was found with the model's verdict in it; as it was when there is no doubt or no model.

    "answered" brings the passage it names to the front and makes it more probable, "not_answered" makes all of them less
    so, "ambiguous" leaves them where they are, to be asked back about. When the model fails within `seconds`, our own
    look stands, and the result is degraded.
    """
    if providers.current().chat is None or not is_doubtful(found, params=params):
        return found
    try:
        judgement = await _asked(
            found.passages[: wanted(params)], query=query, ref=ref, seconds=min(seconds, SECONDS)
        )
    except providers.ProviderError as error:
        log.warning("the judge of answerability failed with %s; our own look stands", error.code)
        return replace(found, degraded=found.degraded or degraded_by(error), verdict="failed")
    return _moved(found, judgement)


async def _asked(passages: Sequence[Passage], *, query: str, ref: str, seconds: float) -> Judgement:
    said = await providers.chat(
        prompts.filled(
            *PROMPT,
            sources="\n".join(
                source_block(number, title=passage.title, text=_text(passage))
                for number, passage in enumerate(passages, start=1)
            ),
            question=prompts.as_data(query),
        ),
        purpose="judge",
        ref=ref,
        scope=current_tenant().schema_name,
        deadline_seconds=seconds,
        schema=_schema(len(passages)),
        temperature=0.0,
        max_tokens=_MOST_TOKENS,
    )
    data = cast(dict[str, object], said.data)
    verdict, source = cast(Verdict, data["verdict"]), cast(int, data["source"])
    # A verdict that names nothing is none.
    if verdict != "not_answered" and source == 0:
        verdict = "not_answered"
    return Judgement(verdict, source - 1 if verdict != "not_answered" else None)


def _schema(passages: int) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["verdict", "source"],
        "properties": {
            "verdict": {"type": "string", "enum": list(_VERDICTS)},
            "source": {"type": "integer", "minimum": 0, "maximum": passages},
        },
    }


def _text(passage: Passage) -> str:
    return (f"{passage.question}\n{passage.text}" if passage.kind == "qa" else passage.text)[
        :_MOST_CHARACTERS
    ]


def _moved(found: Found, judgement: Judgement) -> Found:
    if judgement.place is None:
        return _doubted(found)
    if judgement.verdict == "ambiguous":
        return replace(found, answerable=False, verdict="ambiguous")
    return _chosen(found, judgement.place)


def _doubted(found: Found) -> Found:
    """Return what was found with less hope of an answer in it; the order of the passages is no matter of hope."""
    passages = tuple(
        replace(passage, answerable=_shifted(passage.answerable, AGAINST)) for passage in found.passages
    )
    return replace(
        found,
        passages=passages,
        answerable=False,
        answerability=max(passage.answerable for passage in passages),
        verdict="not_answered",
    )


def _chosen(found: Found, place: int) -> Found:
    """Return what was found with the passage that answers in front, and the others less probable than it."""
    best = found.passages[place]
    best = replace(best, score=_shifted(best.score, FOR), answerable=_shifted(best.answerable, FOR))
    others = [passage for at, passage in enumerate(found.passages) if at != place]
    passages = (
        best,
        *(
            replace(each, score=min(_shifted(each.score, AGAINST), best.score * (1 - 1e-9)))
            for each in others
        ),
    )
    return replace(
        found,
        passages=passages,
        answerable=is_answerable(
            passages, threshold=found.threshold, least_answerability=found.least_answerability
        ),
        answerability=max(passage.answerable for passage in passages),
        verdict="answered",
    )


def _shifted(probability: float, factor: float) -> float:
    """Return a probability, strictly between 0 and 1, with its odds times `factor`."""
    odds = probability / (1 - probability) * factor if probability < 1 else float("inf")
    return odds / (1 + odds) if odds != float("inf") else 1 - 1e-9
