"""Questions of contacts whose answer somebody has looked at: what is fitted on beside the merchant's own wordings.

They are asked of all the knowledge there is, for they are no part of it: cases of the merchant's own test sets, questions
of approved solutions, and of feedback that was reviewed.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models import QuerySet

from knowledge.models import Dataset, Feedback, QAPair, SimilarQuestion, Solution
from knowledge.services import retrieval
from knowledge.services.evaluation import judging
from knowledge.services.evaluation.cases import Case
from knowledge.services.fitting import holding_out
from knowledge.services.folding import fold
from knowledge.services.outcomes import Asked
from knowledge.services.qa_pairs import writing
from knowledge.services.retrieval import Passage
from knowledge.services.retrieval.legs import Query
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

# The newest; the others say less about what is asked today.
MOST_TOLD = 500
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Told:
    """A question with what tells its right answer; `key` is the same as long as both are."""

    key: str
    text: str
    is_right: Callable[[Passage], bool]
    answerable: bool = True


def chosen() -> list[Told]:
    """Return the questions, each text once. A wording of the knowledge is none: it finds itself."""
    every = [*_cases(), *_solutions(), *_feedback()]
    known = _wordings() if every else set()
    found: dict[str, Told] = {}
    for told in every:
        folded = fold(told.text)
        if folded and folded not in known:
            found.setdefault(folded, told)
    return list(found.values())[:MOST_TOLD]


def since(moment: datetime) -> bool:
    """Tell whether anything has been told after `moment`; an approved solution is a change of the knowledge anyway."""
    sets = Dataset.objects.exclude(origin=Dataset.Origin.PAIRS).filter(created_at__gt=moment)
    return sets.exists() or _reviewed().filter(reviewed_at__gt=moment).exists()


def _wordings() -> set[str]:
    own = QAPair.objects.values_list("question", flat=True)
    similar = SimilarQuestion.objects.values_list("text", flat=True)
    return {fold(text) for texts in (own, similar) for text in texts}


def ask(
    told: Sequence[Told], *, at: datetime, params: Params, encoder_id: str
) -> Iterator[tuple[str, Asked]]:
    """Ask questions, and yield what search says to each under its key."""
    texts = [each.text for each in told]
    made = async_to_sync(writing.embed)(texts, purpose="calibrate", encoder_id=encoder_id) if texts else None
    for each in told:
        vector = made.by_text.get(each.text) if made is not None else None
        yield each.key, _asked(each, Query(each.text, vector, encoder_id), at=at, params=params)


def _asked(told: Told, query: Query, *, at: datetime, params: Params) -> Asked:
    view = View(unit="", at=at, canary=False)
    with connection.cursor() as cursor:
        entries, passages = retrieval.looked_up(
            query, view=view, params=params, limit=_LOOKED_AT, cursor=cursor
        )
    right = [told.answerable and told.is_right(passage) for passage in passages]
    wrong = next((entry for entry, good in zip(entries, right, strict=True) if not good), None)
    first = entries[0] if entries else None
    return holding_out.seen(
        first if told.answerable else None,
        wrong,
        right=bool(right and right[0]),
        alone=not told.answerable,
        told=True,
    )


def _cases() -> Iterator[Told]:
    # What was made from the pairs words things as they do.
    sets = Dataset.objects.exclude(origin=Dataset.Origin.PAIRS).order_by("-created_at", "-pk")
    for cases in sets.values_list("cases", flat=True)[:20]:
        for case in map(Case.model_validate, cases):
            if not case.answerable or case.expected_sources or case.expected_answer_keywords:
                yield Told(_key(case.model_dump_json()), case.query, _expected(case), case.answerable)


def _expected(case: Case) -> Callable[[Passage], bool]:
    return lambda passage: judging.is_relevant(case, passage)


def _solutions() -> Iterator[Told]:
    approved = Solution.objects.filter(status=Solution.Status.APPROVED).order_by("-reviewed_at", "-pk")
    for question, pair in approved.values_list("question", "qa_pair_id")[:MOST_TOLD]:
        yield Told(_key(question, pair), question, _is_pair(pair))


def _reviewed() -> QuerySet[Feedback]:
    return Feedback.objects.filter(status__in=[Feedback.Status.APPROVED, Feedback.Status.APPLIED])


def _feedback() -> Iterator[Told]:
    rows = (
        _reviewed().order_by("-reviewed_at", "-pk").values_list("question", "answer", "rating", "qa_pair_id")
    )
    for question, answer, rating, pair in rows[:MOST_TOLD]:
        if pair:
            yield Told(_key(question, pair), question, _is_pair(pair))
        elif (rating or 0) >= 4 and answer.strip():
            yield Told(_key(question, answer), question, _is_answer(answer.strip()))


def _is_pair(pair: str) -> Callable[[Passage], bool]:
    return lambda passage: passage.qa_id == pair


def _is_answer(answer: str) -> Callable[[Passage], bool]:
    # A pair is given as it stands; what was put together from documents is in no single passage.
    return lambda passage: passage.kind == "qa" and passage.answer.strip() == answer


def _key(*parts: str) -> str:
    return "told:" + hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
