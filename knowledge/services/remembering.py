"""Results of pure functions of a text, kept for the texts that come again: sentences of passages, a turn's question."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

# A turn looks at some hundreds of sentences; with what is derived from it one takes 2 kB or so.
_KEPT = 4096
# What is longer is a document being indexed, and does not come again.
_LONGEST = 600


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Keep the results of `function` for short texts, the last used ones; they must not be changed by who gets them."""
    kept = lru_cache(maxsize=_KEPT)(function)

    @wraps(function)
    def ask(text: str) -> T:
        return kept(text) if len(text) <= _LONGEST else function(text)

    return ask
