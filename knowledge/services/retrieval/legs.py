"""The two ways to candidates, by words and by vectors, and all that both say about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from knowledge.models import Unit
from knowledge.services import postings, scoring, topics
from knowledge.services.postings import BODIES, COLLECTIONS, QUESTIONS, Listed, term_key
from knowledge.services.ranking import Owner, Scored, is_local
from knowledge.services.retrieval.holding import Topic
from knowledge.services.vectors import HNSW_ROWS, ef_search
from knowledge.services.visibility import Condition

# A question meets an entry in several units (wordings, neighbouring chunks): so many are looked at per entry wanted.
UNITS_PER_ENTRY = 4
_MOST_ROUNDS = 5
# Of what the asking of a question weighs among questions, so much counts against texts, which do not ask.
ASKING_SHARE = 0.35
# In a table this small the nearest units cost next to nothing.
FEW_ROWS = 500
_ANSWER = Unit.Role.ANSWER.value
_WORDINGS = frozenset({Unit.Role.QUESTION.value, Unit.Role.SIMILAR.value})

# What leads among the units that were found, in the order they were found in, and with it all units of the same owners.
# Arrays and not joins: their indexes are used however large the table is.
_LEADING = """
    WITH hit AS MATERIALIZED (
        SELECT pair_id, chunk_id,
               min(place) FILTER (WHERE place <= %s) AS worded, min(place) FILTER (WHERE place > %s) AS other
          FROM knowledge_unit JOIN unnest(%s::bigint[]) WITH ORDINALITY AS w(unit, place) ON unit = id
         WHERE id = ANY(%s::bigint[]) AND ({visible}) GROUP BY pair_id, chunk_id
    ), first AS MATERIALIZED (
        (SELECT pair_id, chunk_id FROM hit WHERE worded IS NOT NULL ORDER BY worded LIMIT %s)
        UNION ALL
        (SELECT pair_id, chunk_id FROM hit WHERE other IS NOT NULL ORDER BY other LIMIT %s)
    )
    SELECT id, pair_id, chunk_id, role, CASE WHEN encoder_id = %s THEN {distance} END
      FROM knowledge_unit
     WHERE pair_id = ANY(ARRAY(SELECT pair_id FROM first WHERE pair_id IS NOT NULL))
        OR chunk_id = ANY(ARRAY(SELECT chunk_id FROM first WHERE chunk_id IS NOT NULL))
"""


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the form the legs take; `vector` is None when there is none."""

    text: str
    vector: Sequence[float] | None
    encoder_id: str


class Legs:
    """Both legs for one question, on one cursor: each further one would cost a round trip to set the tenant.

    `without` is a unit that is passed over, for whoever asks a wording while it is not there.
    """

    def __init__(self, query: Query, cursor: CursorWrapper, *, without: int | None = None) -> None:
        self._query, self._cursor, self._without = query, cursor, without
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
        # The local encoder sees the words that the index holds, and besides only parts of words.
        self._both = query.vector is not None and (
            not is_local(query.encoder_id)
            or self._rows <= FEW_ROWS
            or any(_is_unheard(term, listed) for term in topic)
        )
        self._literal = "[" + ",".join(map(_short, query.vector or ())) + "]"

    def candidates(self, visible: Condition, *, by_words: int, by_vector: int) -> list[Scored]:
        """Return the units of the entries that either leg finds under `visible`, with what both legs say of each.

        `by_words` and `by_vector` are how many entries each leg brings, if there are as many; those that hold a rare
        code of the question come besides. What is not visible is passed over, however much of it there is; whether an
        entry is visible is the same for all of its units.
        """
        coded = self._topic.coded_units(limit=by_words * UNITS_PER_ENTRY)
        near = self._near(visible, limit=by_vector * UNITS_PER_ENTRY) if self._both else None
        taken = by_words * UNITS_PER_ENTRY
        for _ in range(_MOST_ROUNDS):
            others = [*coded, *(near or ())]
            found = self._met(
                visible, self._worded(taken), others, by_words=by_words, by_others=by_vector + len(coded)
            )
            if len({unit.owner for unit in found.values() if unit.lexical > 0}) >= by_words:
                break
            if any(len(match.best) > taken for match in self._matches.values()):
                taken *= 5
            elif near is None and self._query.vector is not None:
                # Words bring too little.
                near = self._near(visible, limit=by_vector * UNITS_PER_ENTRY)
            else:
                break
        return self._scored(found)

    def _worded(self, most: int) -> list[int]:
        """Return the `most` best units by words of each collection, best first."""
        best = [(match.best[:most], match.of(match.best[:most])) for match in self._matches.values()]
        ordered = sorted(
            ((scores[unit], unit) for units, scores in best for unit in units.tolist()), reverse=True
        )
        return [unit for _, unit in ordered]

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

    def _met(
        self,
        visible: Condition,
        worded: Sequence[int],
        others: Sequence[int],
        *,
        by_words: int,
        by_others: int,
    ) -> dict[int, "_Met"]:
        """Return all units of the entries that lead among the visible ones of `worded` and of `others`."""
        worded = [unit for unit in worded if unit != self._without]
        units = [*worded, *(unit for unit in others if unit != self._without)]
        if not units:
            return {}
        distance, params = self._distance() if self._query.vector is not None else ("NULL::float8", [])
        given = [len(worded), len(worded), _array(units), _array(units), *visible.params, by_words, by_others]
        self._cursor.execute(
            _LEADING.format(visible=visible.sql, distance=distance),
            [*given, self._query.encoder_id, *params],
        )
        rows = self._cursor.fetchall()
        lexical = self._matches[QUESTIONS].of([row[0] for row in rows if row[3] in _WORDINGS])
        lexical |= self._matches[BODIES].of([row[0] for row in rows if row[3] not in _WORDINGS])
        return {
            pk: _Met(_owner(pair, chunk), role, lexical[pk], None if distance is None else 1.0 - distance)
            for pk, pair, chunk, role, distance in rows
        }

    def _scored(self, units: Mapping[int, "_Met"]) -> list[Scored]:
        held = self._topic.held({pk: unit.owner for pk, unit in units.items() if pk != self._without})
        places: dict[Owner, int] = {}
        scored = []
        # Wordings were stored in their order.
        for pk, unit in sorted(units.items()):
            place = places.get(unit.owner, 0)
            places[unit.owner] = place + (unit.role != _ANSWER)
            if pk != self._without:
                scored.append(Scored(*unit, *held[unit.owner], place))
        return scored


class _Met(NamedTuple):
    """A unit that was found: the first fields of `Scored`."""

    owner: Owner
    role: str
    lexical: float
    vector: float | None


def _owner(pair: int | None, chunk: int | None) -> Owner:
    return Owner("qa", pair) if pair is not None else Owner("chunk", chunk or 0)


def _is_unheard(term: str, listed: Mapping[str, Listed]) -> bool:
    """Tell whether a word is one that no text holds, but maybe parts of: letters of other scripts than Chinese."""
    key = term_key(term)
    return (
        term.isalpha() and term < "\u2e80" and not any(key in listed[name].frequency for name in COLLECTIONS)
    )


def _short(value: float) -> str:
    return str(value) if value else "0"


def _array(numbers: Sequence[int]) -> str:
    """Return numbers as PostgreSQL writes an array: a list is looked through number by number."""
    return "{" + ",".join(map(str, numbers)) + "}"
