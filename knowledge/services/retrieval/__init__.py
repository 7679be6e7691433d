"""Finds what answers a question: QA pairs and chunks in one order, each with one calibrated score."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q, QuerySet

from kimono import providers
from kimono.lib.db import current_tenant
from kimono.lib.threads import in_thread
from knowledge.models import Document, Unit, Version
from knowledge.services import encoders, revisions, visibility
from knowledge.services.ranking import Owner, Ranked, Scored, answerability, is_local, rank, weights_for
from knowledge.services.retrieval import judging, passages, reranking, wordings
from knowledge.services.retrieval.legs import Legs, Query
from knowledge.services.retrieval.shapes import (
    Degraded,
    Found,
    Kind,
    Passage,
    Scores,
    degraded_by,
    is_answerable,
)
from knowledge.services.standing import read
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

__all__ = ["Degraded", "Found", "Kind", "Passage", "Scores", "degraded_by", "search"]

EMBEDDING_SECONDS = 1.2


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; the scores stay those of the whole knowledge."""

    candidates: tuple[str, ...] = ()
    category: str | None = None
    doc_id: str | None = None
    kind: Literal["all", "qa", "chunk"] = "all"
    version: str | None = None

    @property
    def narrow(self) -> bool:
        """Tell whether anything is left out."""
        return self != Filters()


async def search(
    *,
    query: str,
    limit: int,
    view: View,
    params: Params,
    ref: str,
    candidates: Sequence[str] = (),
    category: str | None = None,
    doc_id: str | None = None,
    kind: Literal["all", "qa", "chunk"] = "all",
    version: str | None = None,
    judge: bool = True,
) -> Found:
    """Return the `limit` best passages for `query` that `view` may see.

    `ref` is the turn or job that provider calls are recorded under. `candidates` narrows the search to these ids
    (`qa-…`, `doc-…`), the other filters by their names; the score of a passage is the same with and without them.
    When the embedding model fails, words alone decide and the result is `degraded`; so it is when the reranker, where
    there is one, fails. A doubtful result is put before the chat model, where there is one, unless `judge` is False: then
    the caller does it, or only wants passages.
    """
    began = time.perf_counter()
    filters = Filters(tuple(candidates), category, doc_id, kind, version)
    read = max(limit, judging.wanted(params)) if judge else limit
    find_in = partial(find, limit=reranking.wanted(read), view=view, params=params, filters=filters)
    try:
        found = await _found(query, encoder_id=encoders.expected(), ref=ref, find_in=find_in)
    except encoders.Switched as other:
        found = await _found(query, encoder_id=other.encoder_id, ref=ref, find_in=find_in)
    found = await reranking.reranked(found, query=query, limit=read, ref=ref)
    if judge:
        found = await judging.judged(found, query=query, params=params, ref=ref)
    took_ms = round((time.perf_counter() - began) * 1000)
    return replace(found, passages=found.passages[:limit], took_ms=took_ms)


async def _found(query: str, *, encoder_id: str, ref: str, find_in: Callable[..., Found]) -> Found:
    def found_here() -> Found:
        vectors = providers.embed_here([query], purpose="search", ref=ref)
        return find_in(asked=Query(query, vectors[0], encoder_id))

    if encoder_id == providers.current().local.encoder_id:
        return await in_thread(found_here)
    asked, degraded = await _embedded(query, encoder_id=encoder_id, ref=ref)
    return await in_thread(find_in, asked=asked, degraded=degraded)


async def _embedded(query: str, *, encoder_id: str, ref: str) -> tuple[Query, Degraded]:
    try:
        made = await providers.embed(
            [query],
            purpose="search",
            ref=ref,
            scope=current_tenant().schema_name,
            kind="query",
            deadline_seconds=EMBEDDING_SECONDS,
            fallback=False,
            encoder_id=encoder_id,
        )
    except providers.ProviderError:
        return Query(query, None, encoder_id), "embedding_unavailable"
    return Query(query, made.vectors[0], made.encoder_id), None


def find(
    *,
    asked: Query,
    limit: int,
    view: View,
    params: Params,
    filters: Filters | None = None,
    degraded: Degraded = None,
) -> Found:
    """Do the database's part of `search` for a question whose vector is known; synchronous.

    Raises `encoders.Switched` when the vector is not one of the encoder in force.
    """
    began = time.perf_counter()
    filters = filters or Filters()
    # One transaction, so that the tenant is named once, and on one cursor.
    with transaction.atomic(), connection.cursor() as cursor:
        standing = read(view, cursor=cursor)
        encoders.check(asked.encoder_id, in_force=standing.encoder_id)
        entries = ranked(
            asked=asked, view=view, params=params, filters=filters, seen=standing.seen, cursor=cursor
        )
        shown = _narrowed(entries, filters)[: max(limit, 1)] if filters.narrow else entries[:limit]
        found = passages.load(shown, query=asked.text, cursor=cursor)
    least = params.least_answerability(len(entries))
    return Found(
        passages=found,
        threshold=params.threshold.value,
        answerable=is_answerable(found, threshold=params.threshold.value, least_answerability=least),
        answerability=answerability(entries),
        knowledge_version=revisions.named(standing.revision),
        took_ms=round((time.perf_counter() - began) * 1000),
        degraded=degraded,
        least_answerability=least,
    )


def ranked(
    *,
    asked: Query,
    view: View,
    params: Params,
    filters: Filters,
    seen: Mapping[int, int],
    cursor: CursorWrapper,
) -> list[Ranked]:
    """Return the entries for a question, best first, with those that the filters ask for among them.

    `seen` are the canaries that the view sees.
    """
    instead = _instead(filters)
    many = {"by_words": params.bm25_top_k, "by_vector": params.vector_top_k}
    legs = Legs(asked, cursor)
    scored = legs.candidates(visibility.shown(view, seen={**seen, **instead}), **many)
    if filters.narrow:
        narrow = _filtered(visibility.searchable(view, instead=instead), filters)
        more = legs.candidates(visibility.condition(narrow), **many)
        known = {unit.owner for unit in scored}
        scored += [unit for unit in more if unit.owner not in known]
    return in_order(scored, asked=asked, params=params, cursor=cursor)


def units_without(
    unit: int, *, asked: Query, view: View, params: Params, cursor: CursorWrapper
) -> list[Scored]:
    """Return the units of the entries that a question finds while `unit`, one of its own pair's wordings, is not there."""
    legs = Legs(asked, cursor, without=unit)
    shown = visibility.shown(view, seen={})
    return legs.candidates(shown, by_words=params.bm25_top_k, by_vector=params.vector_top_k)


def looked_up(
    asked: Query, *, view: View, params: Params, limit: int, cursor: CursorWrapper
) -> tuple[list[Ranked], tuple[Passage, ...]]:
    """Return the `limit` best entries for a question with all that is known of their order, and what they hold."""
    entries = ranked(asked=asked, view=view, params=params, filters=Filters(), seen={}, cursor=cursor)[:limit]
    held = passages.load(entries, query=asked.text, cursor=cursor)
    return entries[: len(held)], held


def in_order(
    scored: Sequence[Scored], *, asked: Query, params: Params, cursor: CursorWrapper
) -> list[Ranked]:
    """Return the entries of units that were found, best first, with the second look at the first of them."""
    return rank(
        scored,
        weights=weights_for(
            asked.encoder_id, vector=params.rrf_vector_weight, keyword=params.rrf_keyword_weight
        ),
        local=is_local(asked.encoder_id) or asked.vector is None,
        rank_k=params.rrf_k if params.fusion == "rank" else None,
        look_at=partial(wordings.looks, query=asked.text, cursor=cursor),
        calibration=params.calibration,
    )


def _instead(filters: Filters) -> dict[int, int]:
    """Return the version that is asked for by name, in the place of its document's current one."""
    if not filters.doc_id or not filters.version:
        return {}
    named = Version.objects.filter(document__public_id=filters.doc_id, number=_number(filters.version))
    version = (
        named.exclude(status=Version.Status.DELETED).exclude(document__status=Document.Status.DELETED).first()
    )
    return {version.document_id: version.pk} if version is not None else {}


def _filtered(units: QuerySet[Unit], filters: Filters) -> QuerySet[Unit]:
    if filters.kind != "all":
        units = units.filter(chunk__isnull=filters.kind == "qa")
    if filters.category:
        wanted = filters.category
        units = units.filter(Q(pair__category=wanted) | Q(version__document__product_category=wanted))
    if filters.doc_id:
        units = units.filter(version__document__public_id=filters.doc_id)
    if filters.version:
        units = units.filter(version__number=_number(filters.version))
    if filters.candidates:
        ids = filters.candidates
        units = units.filter(Q(pair__public_id__in=ids) | Q(version__document__public_id__in=ids))
    return units


def _number(label: str) -> int:
    digits = label.removeprefix("v")
    # Larger numbers than a column can hold name no version.
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0


def _narrowed(entries: Sequence[Ranked], filters: Filters) -> list[Ranked]:
    units = _filtered(Unit.objects.all(), filters)
    pairs = [entry.owner.pk for entry in entries if entry.owner.kind == "qa"]
    chunks = [entry.owner.pk for entry in entries if entry.owner.kind == "chunk"]
    kept = {
        Owner("qa", pair) if pair is not None else Owner("chunk", chunk)
        for pair, chunk in units.filter(Q(pair_id__in=pairs) | Q(chunk_id__in=chunks)).values_list(
            "pair_id", "chunk_id"
        )
    }
    return [entry for entry in entries if entry.owner in kept]
