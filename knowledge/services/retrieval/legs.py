"""The two ways to candidates, by words and by vectors, and all that both say about them."""

from collections.abc import Sequence
from dataclasses import dataclass

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

    def candidates(self, visible: Condition, *, by_words: int, by_vector: int) -> list[Scored]:
        """Return the units of the entries that either leg finds under `visible`, with what both legs say of each.

        `by_words` and `by_vector` are how many entries each leg brings at least, if there are as many. What is not
        visible is passed over, however much of it there is.
        """
        near = (
            self._near(visible, limit=by_vector * UNITS_PER_ENTRY) if self._query.vector is not None else []
        )
        near = [*near, *self._topic.coded_units(limit=by_words * UNITS_PER_ENTRY)]
        found: dict[int, Scored] = {}
        taken, size = 0, by_words * UNITS_PER_ENTRY
        for _ in range(_MOST_ROUNDS):
            worded = [
                unit for match in self._matches.values() for unit in match.best[taken : taken + size].tolist()
            ]
            found |= self._scored(visible, [*worded, *near])
            taken, size, near = taken + size, size * 4, []
            enough = len({unit.owner for unit in found.values() if unit.lexical > 0}) >= by_words
            if enough or all(len(match.best) <= taken for match in self._matches.values()):
                break
        return list(found.values())

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
        vector = self._query.vector or ()
        kind = f"public.vector({len(vector)})"
        literal = "[" + ",".join(map(str, vector)) + "]"
        return f"(embedding::{kind}) OPERATOR(public.<=>) %s::{kind}", [literal]

    def _scored(self, visible: Condition, units: Sequence[int]) -> dict[int, Scored]:
        """Return the visible ones of `units`, and the other wordings of their pairs."""
        if not units:
            return {}
        self._cursor.execute(
            "SELECT DISTINCT pair_id, chunk_id FROM knowledge_unit WHERE id = ANY(%s)", [list(units)]
        )
        owners = self._cursor.fetchall()
        pairs = [pair for pair, _ in owners if pair is not None]
        chunks = [chunk for _, chunk in owners if chunk is not None]
        distance, params = self._distance() if self._query.vector is not None else ("NULL::float8", [])
        self._cursor.execute(
            f"SELECT id, pair_id, chunk_id, role, CASE WHEN encoder_id = %s THEN {distance} END FROM knowledge_unit"
            f" WHERE (pair_id = ANY(%s) OR chunk_id = ANY(%s)) AND ({visible.sql})",
            [self._query.encoder_id, *params, pairs, chunks, *visible.params],
        )
        rows = self._cursor.fetchall()
        asked = {row[0] for row in rows if row[3] in (Unit.Role.QUESTION, Unit.Role.SIMILAR)}
        lexical = self._matches[QUESTIONS].of(asked)
        lexical |= self._matches[BODIES].of({row[0] for row in rows} - asked)
        owners_of = {row[0]: _owner(row[1], row[2]) for row in rows}
        held = self._topic.held(owners_of)
        return {
            pk: Scored(
                owners_of[pk],
                role,
                lexical[pk],
                None if distance is None else 1.0 - distance,
                *held[owners_of[pk]],
            )
            for pk, _, _, role, distance in rows
        }


def _owner(pair: int | None, chunk: int | None) -> Owner:
    return Owner("qa", pair) if pair is not None else Owner("chunk", chunk or 0)
