"""What search may find: the only definition of it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from knowledge.models import Document, QAPair, Unit, Version


@dataclass(frozen=True, slots=True)
class View:
    """From where somebody looks at the knowledge.

    `unit` is an opaque key: the same unit always sees the same versions. An empty one never sees a canary.
    """

    unit: str
    at: datetime
    canary: bool = True


def view_of(unit: str = "") -> View:
    """Return the view of `unit` at this moment."""
    return View(unit=unit, at=timezone.now())


def searchable(view: View, *, instead: Mapping[int, int] | None = None) -> QuerySet[Unit]:
    """Return the units that search may find from `view`.

    Pairs that are active, enabled and valid at `view.at`; chunks of the current version of active documents, or of
    the canary version where the view falls into its share of the traffic. `instead` shows a version of a document
    (by primary keys) in the place of its current one, for those who may look at all versions.
    """
    return _searchable(view, canaries(view) | dict(instead or {}))


def _searchable(view: View, seen: Mapping[int, int]) -> QuerySet[Unit]:
    found = Q(Exists(live_pairs(view.at).filter(pk=OuterRef("pair_id"))))
    current = Document.objects.filter(status=Document.Status.ACTIVE, current_version=OuterRef("version_id"))
    if seen:
        current = current.exclude(pk__in=seen)
        found |= Q(version_id__in=list(seen.values()))
    return Unit.objects.filter(found | Q(Exists(current)))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on rows of `knowledge_unit` as SQL, with its parameters."""

    sql: str
    params: tuple[Any, ...]


def condition(units: QuerySet[Unit]) -> Condition:
    """Return the condition that holds for exactly the rows of `units`."""
    sql, params = units.values_list("pk").query.sql_with_params()
    return Condition(f'"knowledge_unit"."id" IN ({sql})', tuple(params))


def shown(view: View, *, seen: Mapping[int, int]) -> Condition:
    """Return the condition of `searchable` for a view that sees these versions in the place of documents' current ones.

    Compiled once for all views that see none, for the sake of its speed.
    """
    if seen:
        return condition(_searchable(view, seen))
    sql, params = _compiled()
    return Condition(sql, tuple(view.at if value == _ANY_TIME else value for value in params))


_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def _compiled() -> tuple[str, tuple[Any, ...]]:
    sql, params = _searchable(View(unit="", at=_ANY_TIME), {}).values_list("pk").query.sql_with_params()
    return sql.partition(" WHERE ")[2], tuple(params)


def live_pairs(at: datetime) -> QuerySet[QAPair]:
    """Return the pairs that are active, enabled and valid at `at`."""
    return QAPair.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=at),
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        status=QAPair.Status.ACTIVE,
        enabled=True,
    )


# Asked with every question, and mostly for nothing: written out, for the sake of its speed.
RUNNING = f"""
    SELECT d.id AS document, d.public_id, v.id AS version, v.traffic_percent
      FROM knowledge_version v JOIN knowledge_document d ON d.id = v.document_id
     WHERE v.status = '{Version.Status.CANARY}' AND v.traffic_percent > 0 AND d.status = '{Document.Status.ACTIVE}'
"""


def canaries(view: View) -> dict[int, int]:
    """Return the documents of which `view` sees the canary: primary key of the document → of the version."""
    if not view.canary or not view.unit:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(RUNNING)
        return seen_of(cursor.fetchall(), view)


def seen_of(running: Iterable[Sequence[Any]], view: View) -> dict[int, int]:
    """Return those of the `RUNNING` canaries that `view` sees, as `canaries` does."""
    if not view.canary or not view.unit:
        return {}
    return {doc: version for doc, name, version, percent in running if _share(view.unit, name) < percent}


def next_change(view: View) -> datetime | None:
    """Return when a pair next begins or ceases to be valid after `view.at`, or None."""
    pairs = QAPair.objects.filter(status=QAPair.Status.ACTIVE, enabled=True)
    begins = pairs.filter(valid_from__gt=view.at).order_by("valid_from").values_list("valid_from", flat=True)
    ends = pairs.filter(valid_to__gt=view.at).order_by("valid_to").values_list("valid_to", flat=True)
    # Each is the first of an index; together they are one question.
    return min((at for at in begins[:1].union(ends[:1], all=True) if at is not None), default=None)


def _share(unit: str, document: str) -> float:
    """Return where `unit` lies in the traffic of a document, in percent: the same each time, even over units."""
    digest = hashlib.sha256(f"{document}\n{unit}".encode()).digest()
    return int.from_bytes(digest[:4]) % 10_000 / 100
