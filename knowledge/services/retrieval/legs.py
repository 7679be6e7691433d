"""The two ways to candidates, by words and by vectors, and all that both say about them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import FloatField, Q, QuerySet
from django.db.models.expressions import RawSQL

from knowledge.models import Unit
from knowledge.services import postings, scoring
from knowledge.services.postings import BODIES, QUESTIONS, Listed
from knowledge.services.ranking import Owner, Scored
from knowledge.services.scoring import Matches
from knowledge.services.terms import terms
from knowledge.services.vectors import HNSW_ROWS, ef_search

# A question meets an entry in several units (wordings, neighbouring chunks): so many units are looked at per entry wanted.
UNITS_PER_ENTRY = 6
_MOST_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the form the legs take; `vector` is None when there is none."""

    text: str
    vector: Sequence[float] | None
    encoder_id: str


def candidates(query: Query, visible: QuerySet[Unit], *, by_words: int, by_vector: int) -> list[Scored]:
    """Return every unit of the entries that either leg finds in `visible`, with what both legs say of each.

    `by_words` and `by_vector` are how many entries each leg brings.
    """
    wanted = set(terms(query.text))
    listed = postings.read(wanted)
    matches = {name: scoring.match(wanted, listed[name]) for name in (QUESTIONS, BODIES)}
    owners: set[Owner] = set()
    if query.vector is not None:
        owners |= _near(query, visible, limit=by_vector, rows=_size(listed))
    for name in (QUESTIONS, BODIES):
        owners |= _worded(matches[name], visible, limit=by_words)
    return _scored(query, visible, owners, matches)


def _size(listed: dict[str, Listed]) -> int:
    return sum(collection.units for collection in listed.values())


def _worded(matches: Matches, visible: QuerySet[Unit], *, limit: int) -> set[Owner]:
    """Return the first `limit` entries in the order of words. What is not visible is passed over, however much it is."""
    owners: dict[Owner, None] = {}
    ids = iter(matches.units.tolist())
    for round_ in range(_MOST_ROUNDS):
        batch = list(islice(ids, limit * UNITS_PER_ENTRY * 4**round_))
        if not batch:
            break
        rows = visible.filter(pk__in=batch).values_list("pk", "pair_id", "chunk_id")
        seen = {pk: _owner(pair, chunk) for pk, pair, chunk in rows}
        owners.update(dict.fromkeys(seen[pk] for pk in batch if pk in seen))
        if len(owners) >= limit:
            break
    return set(islice(owners, limit))


def _near(query: Query, visible: QuerySet[Unit], *, limit: int, rows: int) -> set[Owner]:
    """Return the first `limit` entries in the order of the cosine: exactly in a small table, by HNSW in a large one."""
    if rows > HNSW_ROWS:
        with connection.cursor() as cursor:
            # The pool resets the session when it takes the connection back.
            cursor.execute("SELECT set_config('hnsw.ef_search', %s, false)", [str(ef_search(rows))])
    nearest = (
        visible.filter(encoder_id=query.encoder_id)
        .order_by(_distance(query))
        .values_list("pair_id", "chunk_id")[: limit * UNITS_PER_ENTRY]
    )
    owners = dict.fromkeys(_owner(pair, chunk) for pair, chunk in nearest)
    return set(islice(owners, limit))


def _scored(
    query: Query, visible: QuerySet[Unit], owners: Collection[Owner], matches: dict[Any, Matches]
) -> list[Scored]:
    pairs = [owner.pk for owner in owners if owner.kind == "qa"]
    chunks = [owner.pk for owner in owners if owner.kind == "chunk"]
    fields = ["pk", "pair_id", "chunk_id", "role", "encoder_id"]
    units = visible.filter(Q(pair_id__in=pairs) | Q(chunk_id__in=chunks))
    if query.vector is not None:
        units = units.annotate(distance=_distance(query, only_same=True))
        rows: list[Any] = list(units.values_list(*fields, "distance"))
    else:
        rows = [(*row, None) for row in units.values_list(*fields)]
    asked = {row[0] for row in rows if row[3] in (Unit.Role.QUESTION, Unit.Role.SIMILAR)}
    lexical = matches[QUESTIONS].of(asked) | matches[BODIES].of({row[0] for row in rows} - asked)
    return [
        Scored(_owner(pair, chunk), role, lexical[pk], None if distance is None else 1.0 - distance)
        for pk, pair, chunk, role, _, distance in rows
    ]


def _owner(pair: int | None, chunk: int | None) -> Owner:
    return Owner("qa", pair) if pair is not None else Owner("chunk", chunk or 0)


def _distance(query: Query, *, only_same: bool = False) -> RawSQL:
    """Return the cosine distance as the index has it; `only_same`: null for vectors of another encoder."""
    assert query.vector is not None
    literal = "[" + ",".join(map(str, query.vector)) + "]"
    size = len(query.vector)
    distance = f'("knowledge_unit"."embedding"::public.vector({size})) OPERATOR(public.<=>) %s::public.vector({size})'
    if not only_same:
        return RawSQL(distance, [literal], output_field=FloatField())
    guarded = f'CASE WHEN "knowledge_unit"."encoder_id" = %s THEN {distance} END'
    return RawSQL(guarded, [query.encoder_id, literal], output_field=FloatField())
