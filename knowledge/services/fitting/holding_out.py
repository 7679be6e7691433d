"""The merchant's own questions, each asked while it is not there: whether its entry is found by the others."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from knowledge.models import Unit
from knowledge.services import retrieval, visibility
from knowledge.services.outcomes import Asked
from knowledge.services.ranking import Owner, Ranked
from knowledge.services.retrieval.legs import Query
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

# So many questions are asked at most, the same ones each time.
MOST_QUESTIONS = 2_000
# … and so many of pairs with one wording, which cannot be found without it, as questions that have no answer.
MOST_LONE = 300
_SEED = b"kimono"
_DIGITS = 4
# In logits, where nothing at all is found.
_NOTHING = -10.0

_WORDINGS = """
    SELECT u.id, u.pair_id, w.text, u.embedding::text, u.many = 1
      FROM (SELECT id, pair_id, role, encoder_id, embedding,
                   row_number() OVER (PARTITION BY pair_id ORDER BY id) - 1 AS place,
                   count(*) OVER (PARTITION BY pair_id) AS many
              FROM knowledge_unit WHERE pair_id IS NOT NULL AND role <> %s) u
      JOIN (SELECT id AS pair_id, 0 AS place, question AS text FROM knowledge_qapair
             UNION ALL
            SELECT pair_id, row_number() OVER (PARTITION BY pair_id ORDER BY position, id), text
              FROM knowledge_similarquestion) w ON w.pair_id = u.pair_id AND w.place = u.place
     WHERE u.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A wording that is held out: its unit, its pair, its text and its vector; `lone` when its pair has no other."""

    unit: int
    pair: int
    text: str
    vector: Sequence[float] | None
    lone: bool


def chosen(view: View) -> list[int]:
    """Return the units of the questions to hold out, the same ones at each fit."""
    shown = visibility.searchable(view).filter(pair__isnull=False).exclude(role=Unit.Role.ANSWER)
    by_pair: dict[int, list[int]] = {}
    for pair, unit in shown.values_list("pair_id", "pk"):
        by_pair.setdefault(pair, []).append(unit)
    several = [unit for group in by_pair.values() if len(group) > 1 for unit in group]
    lone = [group[0] for group in by_pair.values() if len(group) == 1]
    return sorted(several, key=_draw)[:MOST_QUESTIONS] + sorted(lone, key=_draw)[:MOST_LONE]


def _draw(unit: int) -> bytes:
    return hashlib.blake2b(str(unit).encode(), digest_size=8, key=_SEED).digest()


def wordings(units: Sequence[int]) -> Iterator[Held]:
    """Yield the texts and vectors of units."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDINGS, [Unit.Role.ANSWER, list(units)])
        for unit, pair, text, vector, lone in cursor.fetchall():
            yield Held(unit, pair, text, json.loads(vector) if vector else None, lone)


def ask(held: Held, *, at: datetime, params: Params, encoder_id: str) -> Asked:
    """Ask a question of all that remains without it, and of all that remains without its entry."""
    view = View(unit="", at=at, canary=False)
    own = Owner("qa", held.pair)
    query = Query(held.text, held.vector, encoder_id)
    with connection.cursor() as cursor:
        found = retrieval.units_without(held.unit, asked=query, view=view, params=params, cursor=cursor)
        first = (
            None
            if held.lone
            else _first(retrieval.in_order(found, asked=query, params=params, cursor=cursor))
        )
        rest = [unit for unit in found if unit.owner != own]
        other = _first(retrieval.in_order(rest, asked=query, params=params, cursor=cursor))
    return seen(first, other, right=first is not None and first.owner == own, alone=held.lone)


def seen(
    first: Ranked | None, other: Ranked | None, *, right: bool, alone: bool, told: bool = False
) -> Asked:
    """Return what search says to a question by its first entry, and by the first that is not its own.

    `alone` is one of which the first entry says nothing.
    """
    return Asked(
        decisive=None if alone else _rounded(first.decisive if first else None),
        evidence=None if alone else _rounded(first.evidence if first else None),
        right=right,
        without=_rounded(other.evidence if other else None),
        stranger=_rounded(other.decisive if other else None),
        told=told,
    )


def _rounded(value: float | None) -> float:
    return _NOTHING if value is None else round(value, _DIGITS)


def _first(entries: Sequence[Ranked]) -> Ranked | None:
    return entries[0] if entries else None
