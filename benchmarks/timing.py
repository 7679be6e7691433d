"""Times of alternating runs: what disturbs one side of a comparison disturbs the other as much."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Case = TypeVar("Case")


def milliseconds(run: Callable[[], object]) -> float:
    """Return how long one run takes."""
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) * 1000


def alternated(
    cases: Sequence[Case], ours: Callable[[Case], object], floor: Callable[[Case], object]
) -> tuple[float, float]:
    """Run each case both ways, in turns, and return the two medians in milliseconds."""
    mine: list[float] = []
    bare: list[float] = []
    for number, case in enumerate(cases):
        sides = [(mine, ours), (bare, floor)]
        for times, run in sides if number % 2 else reversed(sides):
            begun = time.perf_counter()
            run(case)
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(mine), statistics.median(bare)


def median_of(times: int, run: Callable[[], object]) -> float:
    """Return the median of so many runs in milliseconds."""
    return statistics.median(milliseconds(run) for _ in range(times))
