"""The knowledge revision: a number that rises with every change of what search shows. Caches are keyed by it."""

import random
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from knowledge.models import KnowledgeState, Revision

# Folding is tried by one bump in so many, so the table stays at some hundreds of rows.
_FOLD_ONE_IN = 128

# An expression, for questions that ask for more.
CURRENT = (
    "((SELECT coalesce(max(folded), 0) FROM knowledge_knowledgestate)"
    " + (SELECT count(*) FROM knowledge_revision))"
)


def current() -> int:
    """Return the revision: how many changes have been committed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CURRENT}")
        return int(cursor.fetchone()[0])


def current_and_emptied() -> tuple[int, int]:
    """Return the revision and how often the answers kept under it were thrown away by hand, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {CURRENT}, (SELECT coalesce(max(cache_generation), 0) FROM knowledge_knowledgestate)"
        )
        revision, emptied = cursor.fetchone()
    return int(revision), int(emptied)


def named(revision: int) -> str:
    """Return a revision as it is called on the wire, such as `kv-41`."""
    return f"kv-{revision}"


def label() -> str:
    """Return the current revision as it is called on the wire."""
    return named(current())


def bump(*, now: datetime | None = None) -> None:
    """Raise the revision when the open transaction commits.

    Must be called in the transaction of the change. No row is shared, so writers never wait for each other here.
    """
    Revision.objects.create(at=now or timezone.now())
    if random.randrange(_FOLD_ONE_IN) == 0:
        fold()


def fold() -> int:
    """Move counted rows into the one row of the state and return how many; the revision stays what it is.

    Does nothing when somebody else is at it.
    """
    KnowledgeState.objects.bulk_create([KnowledgeState()], ignore_conflicts=True)
    with transaction.atomic():
        state = KnowledgeState.objects.select_for_update(skip_locked=True, no_key=True).first()
        if state is None:
            return 0
        latest = last_changed()
        rows = list(
            Revision.objects.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[
                :10_000
            ]
        )
        gone, _ = Revision.objects.filter(pk__in=rows).delete()
        KnowledgeState.objects.filter(pk=state.pk).update(folded=state.folded + gone, updated_at=latest)
        return gone


def last_changed() -> datetime | None:
    """Return when what search shows was changed last, or None when it never was."""
    newest = Revision.objects.aggregate(at=Max("at"))["at"]
    folded = KnowledgeState.objects.values_list("updated_at", flat=True).first()
    known = [at for at in (newest, folded) if at is not None]
    return max(known, default=None)
