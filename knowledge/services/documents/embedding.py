"""Vectors for chunks, a batch at a time and outside of any transaction."""

import time
from collections.abc import Mapping, Sequence

from asgiref.sync import async_to_sync

from kimono import providers
from kimono.lib.db import current_schema
from knowledge.services import encoders

# A multiple of the ten texts that some providers take at once.
BATCH = 40
_BATCH_SECONDS = 60.0


class Encoder:
    """Makes vectors until the encoder in force fails once; then nothing more is asked of it.

    What has no vector is found by its words, and gets one at the next synchronisation. `encoder_id` names who made
    them, empty before the first. `total_seconds` bounds the time for all batches together.
    """

    def __init__(self, *, ref: str, total_seconds: float | None = None) -> None:
        self.encoder_id = ""
        self._ref = ref
        self._until = time.monotonic() + total_seconds if total_seconds is not None else None
        self._failed = False

    def vectors(self, texts: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """Return a vector for each of the distinct `texts`, or none at all; blocks, at most a minute."""
        seconds = (
            _BATCH_SECONDS if self._until is None else min(_BATCH_SECONDS, self._until - time.monotonic())
        )
        distinct = list(dict.fromkeys(texts))
        if self._failed or seconds <= 0 or not distinct:
            return {}
        try:
            made = async_to_sync(_embed)(distinct, self._ref, seconds, encoders.in_force())
        except providers.ProviderError:
            self._failed = True
            return {}
        self.encoder_id = made.encoder_id
        return dict(zip(distinct, made.vectors, strict=True))


async def _embed(batch: list[str], ref: str, seconds: float, encoder_id: str) -> providers.Embedded:
    try:
        return await providers.embed(
            batch,
            purpose="ingest",
            ref=ref,
            scope=current_schema(),
            kind="passage",
            deadline_seconds=seconds,
            fallback=False,
            encoder_id=encoder_id,
        )
    finally:
        # The loop of this call ends with it, and its connections with the loop.
        await providers.close_clients()
