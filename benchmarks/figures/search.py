"""Search in small and large knowledge against the same SQL by psycopg, and how much of the nearest HNSW finds."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks import corpus, loading
from benchmarks.plans import statements_of
from benchmarks.report import Row
from benchmarks.statements import Statement, connect, replay, session_of
from benchmarks.timing import alternated

if TYPE_CHECKING:
    import psycopg

    from tenants.models import Tenant

SIZES = (1_000, 10_000, 100_000)
LEAST_RECALL = {1_000: 0.98, 10_000: 0.98, 100_000: 0.95}
CURVE = (40, 80, 160, 320, 480, 640)
QUESTIONS = 60
_NEAREST = 10
# A word that no text holds: the nearest vectors are asked for then, as they always are with an embedding model.
_UNHEARD = "qzxv"


def measure(*, quick: bool) -> list[Row]:
    """Make a merchant, let its knowledge grow, and measure at each size."""
    from tenants.services import provisioning
    from tenants.services.auditing import SYSTEM

    tenant = provisioning.create(name="Bench", slug="bench", by=SYSTEM, now_in_process=True)
    rows: list[Row] = []
    have = 0
    for size in SIZES[:2] if quick else SIZES:
        took = loading.grow(tenant, have=have, want=size)
        have = size
        asked = [f"{question} {_UNHEARD}" for question in corpus.questions(20 if quick else QUESTIONS)]
        rows += _at(tenant, size, asked)
        if size > SIZES[1]:
            note = "segments merged and the HNSW index made, by what the tidying job calls; searches go on meanwhile."
            rows.append(Row(f"index over {size:,} chunks", took, "s", note=note))
    return rows


def _at(tenant: "Tenant", size: int, questions: Sequence[str]) -> list[Row]:
    from kimono.lib import db

    # The loop that the web process runs on.
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with db.tenant_scope(tenant), connect(session_of(tenant)) as raw, loop as runner:
        sql, (mine, bare) = beside_statements(raw, runner, questions)
        recall = _Recall(raw, [_nearest_of(sql[question]) for question in questions])
        return [
            Row(
                f"search in {size:,} chunks",
                mine,
                "ms",
                bare,
                measure="ratio",
                limit=2.0,
                note=f"retrieval.search for {len(questions)} questions, by words and vectors, their encoding included,"
                f" against its own {len(sql[questions[0]])} statements, the encoding's usage row among them,"
                " replayed on one bare connection with the same index and ef.",
            ),
            recall.row(size),
        ]


def beside_statements(
    raw: "psycopg.Connection[Any]", runner: asyncio.Runner, questions: Sequence[str]
) -> tuple[dict[str, list[Statement]], tuple[float, float]]:
    """Return the statements of each search, and the median times of searching and of replaying them, in milliseconds."""
    sql = {question: statements_of(question) for question in questions}
    for question in questions[:10]:
        runner.run(search(question))
        replay(raw, sql[question])
    return sql, alternated(
        questions,
        lambda question: runner.run(search(question)),
        lambda question: replay(raw, sql[question]),
    )


async def search(question: str) -> None:
    """Search as chat does, and check that something is found."""
    from knowledge.services import retrieval, tuning
    from knowledge.services.visibility import view_of

    params = tuning.Params()
    found = await retrieval.search(
        query=question, limit=params.rerank_top_k, view=view_of("bench"), params=params, ref="bench"
    )
    assert found.passages, question


def _nearest_of(statements: Sequence[Statement]) -> Statement:
    """Return the statement that asks for the nearest vectors."""
    return next(each for each in statements if "ORDER BY (embedding" in each.sql)


@dataclass(frozen=True)
class _Found:
    """What a way of searching found of the nearest: the shares of the first ten and of all that were asked for."""

    first: float
    every: float
    ms: float


class _Recall:
    """The product's own question for the nearest vectors, against the same one without an index."""

    def __init__(self, raw: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> None:
        self._raw, self._statements = raw, statements
        self._exact = [self._ask(each, "enable_indexscan", "off") for each in statements]

    def row(self, size: int) -> Row:
        """Return the recall with the ef that the product chooses, and the curve over others where there is an index."""
        from knowledge.services.vectors import HNSW_ROWS, ef_search

        indexed = size > HNSW_ROWS
        own = self._with(ef_search(size))
        note = f"of the first {_NEAREST}; of all {len(self._exact[0])} that the leg asks for {own.every:.3f}."
        if indexed:
            curve = [(ef, self._with(ef)) for ef in CURVE]
            note += (
                f" Index with ef_search {ef_search(size)}. ef: recall of {_NEAREST} / of all, median time: "
            )
            note += (
                "; ".join(f"{ef}: {at.first:.3f} / {at.every:.3f}, {at.ms:.1f} ms" for ef, at in curve) + "."
            )
        else:
            note += " The product scans a table of this size, so it is exact by design."
        return Row(
            f"recall of dense search in {size:,}",
            own.first,
            "",
            limit=LEAST_RECALL[size],
            at_least=True,
            note=note,
        )

    def _with(self, ef: int) -> _Found:
        first, every, times = [], [], []
        for statement, exact in zip(self._statements, self._exact, strict=True):
            begun = time.perf_counter()
            found = self._ask(statement, "hnsw.ef_search", str(ef))
            times.append((time.perf_counter() - begun) * 1000)
            first.append(len(set(found[:_NEAREST]) & set(exact[:_NEAREST])) / len(exact[:_NEAREST]))
            every.append(len(set(found) & set(exact)) / len(exact))
        return _Found(statistics.mean(first), statistics.mean(every), statistics.median(times))

    def _ask(self, statement: Statement, setting: str, value: str) -> list[int]:
        with self._raw.transaction(), self._raw.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", (setting, value))
            cursor.execute(statement.sql, statement.params)
            return [row[0] for row in cursor.fetchall()]
