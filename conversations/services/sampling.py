"""Real answers of the bot, drawn for people to judge (api.md 8, EV-09)."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet

from conversations.models import Message, Step, Turn
from knowledge.models import Sample
from knowledge.services.evaluation import samples
from knowledge.services.evaluation.samples import Answered, Draw
from tenants.services.auditing import Actor

Strategy = Literal["random", "low_confidence", "negative_feedback"]
# Votes that say that an answer was no good.
_BAD = ["down", 1, 2]
_LARGEST_SEED = 2**31 - 1


def draw(
    *,
    size: int,
    strategy: Strategy,
    by: Actor,
    since: datetime | None = None,
    until: datetime | None = None,
    seed: int | None = None,
) -> Sample:
    """Draw `size` answers of the bot from those given between two moments and return the sample.

    The same seed over the same answers draws the same. `low_confidence` takes the least certain ones, equals by seed;
    `negative_feedback` draws from those that were voted down. Raises `Invalid` when there is none.
    """
    seed = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    population = _population(strategy, since, until)
    ids = _chosen(population, size=size, seed=seed, strategy=strategy)
    return samples.create(
        items=_answers(ids),
        draw=Draw(population=population.count(), strategy=strategy, seed=seed, since=since, until=until),
        by=by,
    )


def _population(strategy: Strategy, since: datetime | None, until: datetime | None) -> QuerySet[Turn]:
    answers = Turn.objects.filter(
        status=Turn.Status.SUCCESS, outcome=Turn.Outcome.ANSWERED, reply__isnull=False
    )
    if since is not None:
        answers = answers.filter(created_at__gte=since)
    if until is not None:
        answers = answers.filter(created_at__lte=until)
    if strategy == "negative_feedback":
        answers = answers.filter(reply__feedback__rating__in=_BAD)
    return answers


def _chosen(population: QuerySet[Turn], *, size: int, seed: int, strategy: Strategy) -> list[int]:
    """Return the turns to judge, in the order of their draw, which depends on the seed and on nothing else."""
    rows = population.order_by().values_list("pk", "public_id", "confidence")

    def place(row: tuple[int, str, float]) -> tuple[float, bytes]:
        drawn = hashlib.sha256(f"{seed}\n{row[1]}".encode()).digest()
        return (row[2] if strategy == "low_confidence" else 0.0, drawn)

    return [row[0] for row in sorted(rows.iterator(), key=place)[:size]]


def _answers(ids: Sequence[int]) -> list[Answered]:
    turns = Turn.objects.select_related("conversation", "user_message", "reply").in_bulk(ids)
    # Of two searches in a turn the second, narrower one was answered from.
    searches = Step.objects.filter(turn_id__in=ids, name="retrieve").order_by("order")
    found = dict(searches.values_list("turn_id", "detail"))
    return [_answer(turns[pk], found.get(pk, {})) for pk in ids]


def _answer(turn: Turn, detail: Mapping[str, Any]) -> Answered:
    reply: Message = turn.reply  # type: ignore[assignment]
    searched = [(str(one["id"]), float(one["score"])) for one in detail.get("passages", [])]
    # An answer that was kept was not searched for again; what it cites was found once.
    cited = [
        (str(one.get("qa_id") or one.get("chunk_id")), float(one.get("score") or 0))
        for one in reply.citations
    ]
    return Answered(
        session_id=turn.conversation.public_id,
        message_id=reply.public_id,
        question=turn.rewritten or turn.user_message.content,
        answer=reply.content,
        confidence=turn.confidence,
        citations=reply.citations,
        found=searched or list(dict(cited).items()),
    )
