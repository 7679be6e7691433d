"""The two ways to candidates, by words and by vectors, and all that both say about them."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from knowledge.models import Unit
from knowledge.services import postings, scoring, topics
from knowledge.services.postings import BODIES, QUESTIONS
from knowledge.services.ranking import Owner, Scored
from knowledge.services.retrieval.holding import Topic
from knowledge.services.vectors import HNSW_ROWS, ef_search
from knowledge.services.visibility import Condition

# A question meets an entry in several units (wordings, neighbouring chunks): so many are looked at per entry wanted.
UNITS_PER_ENTRY = 4
_MOST_ROUNDS = 5
# Of what the asking of a question weighs among questions, so much counts against texts, which do not ask.
ASKING_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the form the legs take; `vector` is None when there is none."""

    text: str
    vector: Sequence[float] | None
    encoder_id: str


class Legs:
    """Both legs for one question, on one cursor: each further one would cost a round trip to set the tenant."""

    def __init__(self, query: Query, cursor: CursorWrapper) -> None:
        self._query, self._cursor = query, cursor
        topic, asking = topics.split_terms(query.text)
        keys = topics.keys(query.text)
        known = {term for key in keys for term in (*key.terms, *key.letters)}
        listed = postings.read(known | topic | asking, cursor=cursor)
        self._rows = sum(collection.units for collection in listed.values())
        # A text does not repeat how it is asked for: that weighs here what it weighs among questions.
        asked = scoring.mass_of(asking, listed[QUESTIONS])
        self._matches = {
            QUESTIONS: scoring.match(topic | asking, listed[QUESTIONS]),
            BODIES: scoring.match(topic, listed[BODIES], more_mass=ASKING_SHARE * asked),
        }
        self._topic = Topic(keys, listed)
        self._literal = "[" + ",".join(map(str, query.vector or ())) + "]"

    def candidates(self, visible: Condition, *, by_words: int, by_vector: int) -> list[Scored]:
        """Return the units of the entries that either leg finds under `visible`, with what both legs say of each.

        `by_words` and `by_vector` are how many entries each leg brings, if there are as many; those that hold a rare
        code of the question come besides. What is not visible is passed over, however much of it there is.
        """
        near = (
            self._near(visible, limit=by_vector * UNITS_PER_ENTRY) if self._query.vector is not None else []
        )
        coded = self._topic.coded_units(limit=by_words * UNITS_PER_ENTRY)
        near = [*near, *coded]
        found: dict[int, _Met] = {}
        taken, size = 0, by_words * UNITS_PER_ENTRY
        for _ in range(_MOST_ROUNDS):
            worded = [
                unit for match in self._matches.values() for unit in match.best[taken : taken + size].tolist()
            ]
            found |= self._met(visible, [*worded, *near])
            taken, size, near = taken + size, size * 4, []
            enough = len({unit.owner for unit in found.values() if unit.lexical > 0}) >= by_words
            if enough or all(len(match.best) <= taken for match in self._matches.values()):
                break
        kept = _leading(found.values(), by_words=by_words, by_vector=by_vector)
        kept |= {found[unit].owner for unit in coded if unit in found}
        return self._scored({pk: unit for pk, unit in found.items() if unit.owner in kept})

    def _near(self, visible: Condition, *, limit: int) -> list[int]:
        """Return the `limit` nearest units: exactly in a small table, by HNSW in a large one."""
        if self._rows > HNSW_ROWS:
            # The pool resets the session when it takes the connection back.
            self._cursor.execute(
                "SELECT set_config('hnsw.ef_search', %s, false)", [str(ef_search(self._rows))]
            )
        distance, params = self._distance()
        self._cursor.execute(
            f"SELECT id FROM knowledge_unit WHERE encoder_id = %s AND ({visible.sql}) ORDER BY {distance} LIMIT %s",
            [self._query.encoder_id, *visible.params, *params, limit],
        )
        return [row[0] for row in self._cursor.fetchall()]

    def _distance(self) -> tuple[str, list[str]]:
        """Return the cosine distance, written as the index has it, with its parameters."""
        kind = f"public.vector({len(self._query.vector or ())})"
        return f"(embedding::{kind}) OPERATOR(public.<=>) %s::{kind}", [self._literal]

    def _met(self, visible: Condition, units: Sequence[int]) -> dict[int, "_Met"]:
        """Return the visible ones of `units`, and the other wordings of their pairs."""
        if not units:
            return {}
        distance, params = self._distance() if self._query.vector is not None else ("NULL::float8", [])
        # Arrays and not joins: their indexes are used however large the table is.
        self._cursor.execute(
            "WITH hit AS MATERIALIZED (SELECT pair_id, chunk_id FROM knowledge_unit WHERE id = ANY(%s))"
            f" SELECT id, pair_id, chunk_id, role, CASE WHEN encoder_id = %s THEN {distance} END FROM knowledge_unit"
            " WHERE (pair_id = ANY(ARRAY(SELECT DISTINCT pair_id FROM hit WHERE pair_id IS NOT NULL))"
            " OR chunk_id = ANY(ARRAY(SELECT chunk_id FROM hit WHERE chunk_id IS NOT NULL)))"
            f" AND ({visible.sql})",
            [list(units), self._query.encoder_id, *params, *visible.params],
        )
        rows = self._cursor.fetchall()
        asked = {row[0] for row in rows if row[3] in (Unit.Role.QUESTION, Unit.Role.SIMILAR)}
        lexical = self._matches[QUESTIONS].of(asked)
        lexical |= self._matches[BODIES].of({row[0] for row in rows} - asked)
        return {
            pk: _Met(_owner(pair, chunk), role, lexical[pk], None if distance is None else 1.0 - distance)
            for pk, pair, chunk, role, distance in rows
        }

    def _scored(self, units: Mapping[int, "_Met"]) -> list[Scored]:
        held = self._topic.held({pk: unit.owner for pk, unit in units.items()})
        places: dict[Owner, int] = {}
        scored = []
        # Wordings were stored in their order.
        for _, unit in sorted(units.items()):
            place = places.get(unit.owner, 0)
            places[unit.owner] = place + (unit.role != Unit.Role.ANSWER)
            scored.append(Scored(*unit, *held[unit.owner], place))
        return scored


class _Met(NamedTuple):
    """A unit that was found: the first fields of `Scored`."""

    owner: Owner
    role: str
    lexical: float
    vector: float | None


def _leading(units: Iterable[_Met], *, by_words: int, by_vector: int) -> set[Owner]:
    """Return the owners of the best units by words, and of the nearest."""
    worded: dict[Owner, float] = {}
    near: dict[Owner, float] = {}
    for owner, _, lexical, vector in units:
        if lexical > worded.get(owner, 0.0):
            worded[owner] = lexical
        if vector is not None and vector > near.get(owner, -1.0):
            near[owner] = vector
    return _first(worded, by_words) | _first(near, by_vector)


def _first(best: Mapping[Owner, float], most: int) -> set[Owner]:
    return set(heapq.nlargest(most, best, key=lambda owner: (best[owner], owner)))


def _owner(pair: int | None, chunk: int | None) -> Owner:
    return Owner("qa", pair) if pair is not None else Owner("chunk", chunk or 0)
