"""What was asked: feeds the most asked questions, the hit counts of pairs and the outcomes of a canary."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Max
from django.utils import timezone

from knowledge.models import QAPair, QuestionRecord
from knowledge.services.folding import fold

_MOST_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with how often it was asked; `text` is its last wording."""

    text: str
    times: int


def key_of(text: str) -> str:
    """Return the SHA-256 under which equal questions are counted together."""
    return hashlib.sha256(fold(text).encode()).hexdigest()


def record(
    *,
    text: str,
    unit: str,
    outcome: str,
    qa_ids: Sequence[str] = (),
    doc_ids: Sequence[str] = (),
    now: datetime | None = None,
) -> None:
    """Record a question with its outcome, and count a hit for each pair of `qa_ids`, the pairs that answered it."""
    with transaction.atomic():
        QuestionRecord.objects.create(
            text=text[:_MOST_CHARACTERS],
            key=key_of(text),
            unit=unit[:80],
            outcome=outcome,
            qa_ids=list(qa_ids),
            doc_ids=list(doc_ids),
            at=now or timezone.now(),
        )
        if qa_ids:
            # One lock order for all, so that two questions with the same pairs never wait for each other in a circle.
            locked = (
                QAPair.objects.filter(public_id__in=list(qa_ids))
                .order_by("pk")
                .select_for_update(no_key=True)
            )
            QAPair.objects.filter(pk__in=[pair.pk for pair in locked.only("pk")]).update(
                hit_count=F("hit_count") + 1
            )


def most_asked(*, limit: int = 10, since: datetime | None = None) -> list[Asked]:
    """Return the questions that were asked most often, since a time if one is given."""
    records = QuestionRecord.objects.all() if since is None else QuestionRecord.objects.filter(at__gte=since)
    rows = (
        records.values("key").annotate(times=Count("pk"), last=Max("pk")).order_by("-times", "-last")[:limit]
    )
    texts = QuestionRecord.objects.in_bulk([row["last"] for row in rows])
    return [Asked(text=texts[row["last"]].text, times=row["times"]) for row in rows]
