"""Ranking one question among two thousand QA pairs, fitting scores and threshold to as many of their questions, and how
much memory a worker takes that does so for many merchants."""

import asyncio
import importlib
import os
import random
import time
from typing import Any

import uvloop

from benchmarks import memory
from benchmarks.corpus import WORDS
from benchmarks.figures.search import beside_statements, search
from benchmarks.report import Row
from benchmarks.statements import connect, session_of

ENTRIES = 2_000
QUESTIONS = 60
MERCHANTS, PAIRS_EACH = 20, 60
MOST_MB = 400.0
_SEED = 7
_ASKS = (
    "{who}怎么{do}{what}？",
    "{what}要怎样{do}，{who}可以吗",
    "{who}想{do}{what}，流程是什么",
    "请问{who}在{where}能{do}{what}吗",
)


def measure(*, quick: bool) -> list[Row]:
    """Fill a merchant, ask it, fit it, change one pair and fit it again; then serve twenty more in the same process."""
    from kimono.lib.db import current_tenant
    from knowledge.services import fitting, trials
    from tenants.services import scratch

    dice = random.Random(_SEED)
    entries = _entries(dice, 500 if quick else ENTRIES)
    questions = [_ASKS[3].format(**_picked(dice)) for _ in range(20 if quick else QUESTIONS)]
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with scratch.tenant():
        trials.add_pairs(entries)
        first = _seconds(fitting.fit)
        trials.add_pairs(_entries(dice, 1))
        again = _seconds(fitting.fit)
        with connect(session_of(current_tenant())) as raw, loop as runner:
            sql, (mine, bare) = beside_statements(raw, runner, questions)
    many = f"{len(entries):,} QA pairs of three wordings"
    return [
        Row(
            f"ranking among {len(entries):,} entries",
            mine,
            "ms",
            bare,
            limit=15.0,
            note=f"retrieval.search for {len(questions)} questions against {many}, second look included; the floor is its"
            f" own {len(sql[questions[0]])} statements replayed on one bare connection.",
        ),
        Row(
            f"fitting {len(entries):,} entries",
            first,
            "s",
            limit=60.0,
            note="at most 2,000 of their questions, each asked of all others; curves and threshold.",
        ),
        Row("fitting again after one change", again, "s", first, measure="ratio", limit=0.5, note=many),
        _memory(dice, merchants=3 if quick else MERCHANTS),
    ]


def _memory(dice: random.Random, *, merchants: int) -> Row:
    """Index, fit and ask for many merchants, as a worker does, and look how large this process is then."""
    from knowledge.services import fitting, trials
    from tenants.services import scratch

    # All that a worker has loaded.
    importlib.import_module("kimono.celery").app.loader.import_default_modules()
    for _ in range(merchants):
        with scratch.tenant():
            trials.add_pairs(_entries(dice, PAIRS_EACH))
            fitting.fit()
            for _ in range(5):
                asyncio.run(search(_ASKS[3].format(**_picked(dice))))
    return Row(
        f"memory of a worker after {merchants} merchants",
        memory.megabytes(os.getpid()),
        "MB",
        limit=MOST_MB,
        note=f"PSS of the process that did all of the above, and then indexed, fitted and asked {PAIRS_EACH} pairs for each"
        " of them; the benchmark's own modules are in it.",
    )


def _entries(dice: random.Random, count: int) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        picked = _picked(dice)
        question, *similar = [ask.format(**picked) for ask in _ASKS[:3]]
        made.append(
            {"id": str(number), "question": question, "similar": similar, "answer": f"见{picked['where']}。"}
        )
    return made


def _picked(dice: random.Random) -> dict[str, str]:
    return {name: dice.choice(words.split()) for name, words in WORDS.items()}


def _seconds(run: Any) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
