"""Vectors for chunks, in batches and outside of any transaction."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from asgiref.sync import async_to_sync

from kimono import providers
from kimono.lib.db import current_schema

BATCH = 40
_BATCH_SECONDS = 60.0


@dataclass(frozen=True)
class ChunkVectors:
    """Vectors by text; `complete` unless the encoder failed on the way, and then later texts have none."""

    by_text: Mapping[str, Sequence[float]]
    encoder_id: str
    complete: bool


def embed(
    texts: Sequence[str],
    *,
    ref: str,
    on_batch: Callable[[int, int], None] | None = None,
    total_seconds: float | None = None,
) -> ChunkVectors:
    """Return vectors of the distinct `texts`; blocks, at most a minute for each batch and `total_seconds` for all.

    After the first failure of the configured encoder no more is asked of it: what lacks a vector is found by its words
    until the next synchronisation. `on_batch(done, total)` is called after each batch.
    """
    distinct = list(dict.fromkeys(texts))
    vectors: dict[str, Sequence[float]] = {}
    encoder_id = ""
    until = time.monotonic() + total_seconds if total_seconds is not None else None
    for start in range(0, len(distinct), BATCH):
        batch = distinct[start : start + BATCH]
        seconds = _BATCH_SECONDS if until is None else min(_BATCH_SECONDS, until - time.monotonic())
        if seconds <= 0:
            return ChunkVectors(vectors, encoder_id, complete=False)
        try:
            made = async_to_sync(_embed_batch)(batch, ref, seconds)
        except providers.ProviderError:
            return ChunkVectors(vectors, encoder_id, complete=False)
        vectors.update(zip(batch, made.vectors, strict=True))
        encoder_id = made.encoder_id
        if on_batch is not None:
            on_batch(start + len(batch), len(distinct))
    return ChunkVectors(vectors, encoder_id, complete=True)


async def _embed_batch(batch: list[str], ref: str, seconds: float) -> providers.Embedded:
    try:
        return await providers.embed(
            batch,
            purpose="ingest",
            ref=ref,
            scope=current_schema(),
            kind="passage",
            deadline_seconds=seconds,
            fallback=False,
        )
    finally:
        # The loop of this call ends with it, and its connections with the loop.
        await providers.close_clients()
