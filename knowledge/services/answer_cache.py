"""Answers that were given before, under a key of all that shapes one. Without Redis there is no cache, never an error."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from redis.exceptions import RedisError

import kimono
from kimono.lib.db import current_tenant
from knowledge.models import KnowledgeState
from knowledge.services import generation, revisions, visibility
from knowledge.services.answers import Answer
from knowledge.services.folding import fold
from knowledge.services.retrieval import judging, reranking
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

log = logging.getLogger(__name__)
TTL_SECONDS = 3600
MAX_ENTRIES = 10_000
_COUNTERS_SECONDS = 30 * 24 * 3600

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of the tenant's answer cache; `size` is what was stored under the present knowledge."""

    hits: int
    misses: int
    size: int
    evicted: int = 0
    max_size: int = MAX_ENTRIES
    ttl_seconds: int = TTL_SECONDS

    @property
    def hit_rate(self) -> float:
        """Return hits over all lookups, 0.0 when there were none."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


@dataclass(frozen=True, slots=True)
class Key:
    """Where an answer is kept: `shelf` is the state of the knowledge, `name` the question and what shapes its answer."""

    shelf: str
    name: str


def key_for(*, question: str, view: View, params: Params, language: str) -> Key:
    """Return the key of a question: words, tenant, revision, canaries seen, parameters, settings, models, prompt, language.

    `question` is the rewritten one. Reads the database; to be made before the search, so that an answer is never kept
    under a revision that is newer than what it was made from.
    """
    shaping = {
        "question": fold(question),
        "canaries": sorted(visibility.canaries(view).items()),
        "params": params.fingerprint(),
        "settings": current_tenant().settings,
        "model": generation.configured(),
        "judge": judging.configured(),
        "reranker": reranking.configured(),
        "language": language,
        "code": kimono.__version__,
    }
    digest = hashlib.sha256(json.dumps(shaping, sort_keys=True, default=str).encode()).hexdigest()
    return Key(shelf=_shelf(), name=digest)


def lookup(key: Key) -> Answer | None:
    """Return the answer kept under `key`, marked as cached, or None; counts a hit or a miss."""
    kept = _tried(lambda: cache.get(_full(key)), None)
    _count("hits" if isinstance(kept, Answer) else "misses")
    return replace(kept, cached=True) if isinstance(kept, Answer) else None


def store(key: Key, answer: Answer, *, view: View) -> bool:
    """Keep `answer` until the next pair begins or ceases to be valid, an hour at most; return whether it is kept."""
    seconds: float = TTL_SECONDS
    if (change := visibility.next_change(view)) is not None:
        seconds = min(seconds, (change - view.at).total_seconds())
    counter = f"answers:size:{key.shelf}"
    if seconds < 1 or int(_tried(lambda: cache.get(counter, 0), MAX_ENTRIES)) >= MAX_ENTRIES:
        return False
    kept = bool(_tried(lambda: cache.add(_full(key), answer, timeout=int(seconds)), False))
    if kept:
        _count(f"size:{key.shelf}")
    return kept


def invalidate() -> int:
    """Empty the tenant's answer cache and return how many answers were in it. Works when Redis is away, too."""
    cleared = int(_tried(lambda: cache.get(f"answers:size:{_shelf()}", 0), 0))
    KnowledgeState.objects.bulk_create([KnowledgeState()], ignore_conflicts=True)
    with transaction.atomic():
        KnowledgeState.objects.update(cache_generation=F("cache_generation") + 1)
    return cleared


def stats() -> Stats:
    """Return the figures of the tenant's answer cache."""
    names = {"hits": "answers:hits", "misses": "answers:misses", "size": f"answers:size:{_shelf()}"}
    found: dict[str, int] = _tried(lambda: cache.get_many(list(names.values())), {})
    return Stats(**{name: int(found.get(where, 0)) for name, where in names.items()})


def _shelf() -> str:
    revision, emptied = revisions.current_and_emptied()
    return f"{current_tenant().schema_name}:{revision}:{emptied}"


def _full(key: Key) -> str:
    return f"answers:{key.shelf}:{key.name}"


def _count(name: str) -> None:
    def add() -> None:
        try:
            cache.incr(f"answers:{name}")
        except ValueError:
            # There is none yet. Two may begin it at once, and one of the two then counts on.
            if not cache.add(f"answers:{name}", 1, timeout=_COUNTERS_SECONDS):
                cache.incr(f"answers:{name}")

    _tried(add, None)


def _tried(action: Callable[[], T], otherwise: T) -> T:
    try:
        return action()
    except (RedisError, OSError, ValueError) as error:
        log.warning("the answer cache is out of reach: %s", error)
        return otherwise
