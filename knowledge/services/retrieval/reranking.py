"""A second look at what was found: a reranker reads question and passage together, where one is configured."""

import logging
from dataclasses import replace

from kimono import providers
from kimono.lib.db import current_tenant
from knowledge.services import headings
from knowledge.services.calibration import Curve
from knowledge.services.retrieval.shapes import Found, Passage, is_answerable

log = logging.getLogger(__name__)
# So many of the fused order are read again.
CANDIDATES = 20
SECONDS = 1.5
_MOST_CHARACTERS = 2_000
# From the lead in relevance over the next passage to the probability that it is the right one of those found.
LEAD = Curve(slope=16.0, offset=-0.3)


def configured() -> str:
    """Return the name of the reranker, or an empty string without one."""
    model = providers.current().reranker
    return f"{model.provider}/{model.model}" if model is not None else ""


def wanted(limit: int) -> int:
    """Return how many passages are to be found so that `limit` can be shown."""
    return max(limit, CANDIDATES) if providers.current().reranker is not None else limit


async def reranked(found: Found, *, query: str, limit: int, ref: str) -> Found:
    """Return the `limit` best passages in the reranker's order, or in the order they have when there is none.

    What is there for an answer counts half as search judged it and half as the reranker does. When the reranker fails
    the order stands, and the result is degraded.
    """
    first, rest = found.passages[:CANDIDATES], found.passages[CANDIDATES:]
    if providers.current().reranker is None or not first:
        return replace(found, passages=found.passages[:limit])
    try:
        relevance = await providers.rerank(
            query,
            [_text(passage) for passage in first],
            purpose="search",
            ref=ref,
            scope=current_tenant().schema_name,
            deadline_seconds=SECONDS,
        )
    except providers.ProviderError as error:
        log.warning("the reranker failed with %s; the order of the search stands", error.code)
        return replace(
            found, passages=found.passages[:limit], degraded=found.degraded or "embedding_unavailable"
        )
    judged = _judged(first, relevance)
    lowest = judged[-1].score
    # Passages that were not read come after those that were, in the order they had.
    unread = tuple(replace(passage, score=min(passage.score, lowest)) for passage in rest)
    return replace(
        found,
        passages=(*judged, *unread)[:limit],
        answerable=is_answerable(
            judged, threshold=found.threshold, least_answerability=found.least_answerability
        ),
        answerability=max(passage.answerable for passage in judged),
    )


def _judged(passages: tuple[Passage, ...], relevance: list[float]) -> list[Passage]:
    order = sorted(range(len(passages)), key=lambda place: (-relevance[place], place))
    judged: list[Passage] = []
    ceiling = 1.0
    for position, place in enumerate(order):
        passage = passages[place]
        rival = relevance[order[1 if position == 0 else 0]] if len(order) > 1 else 0.0
        answerable = (passage.answerable + relevance[place]) / 2
        score = min(LEAD.at(relevance[place] - rival) * answerable, ceiling)
        ceiling = score * (1 - 1e-9)
        scores = replace(passage.scores, rerank=relevance[place])
        judged.append(replace(passage, score=score, answerable=answerable, scores=scores))
    return judged


def _text(passage: Passage) -> str:
    heads = headings.above(title=passage.title, section=passage.section, text=passage.text)
    return "\n".join([*heads, passage.text])[:_MOST_CHARACTERS]
