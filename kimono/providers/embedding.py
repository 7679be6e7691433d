"""Turning texts into vectors, with the configured model or else the local encoder."""

import asyncio
import logging
from collections.abc import Sequence

from kimono.providers.calls import Tally, Work, call, done_here
from kimono.providers.errors import NotConfigured, ProviderError, TimedOut
from kimono.providers.models import Embedder
from kimono.providers.registry import current
from kimono.providers.shapes import Embedded, TextKind

logger = logging.getLogger(__name__)

OPERATION = "embedding"
BREAKER = "embedding"
LOCAL_BREAKER = "local_encoder"
# The local encoder takes milliseconds; it gets this long even when a model used up the caller's time.
LOCAL_SECONDS = 30.0


async def embed(
    texts: Sequence[str],
    *,
    purpose: str,
    ref: str,
    scope: str,
    kind: TextKind,
    deadline_seconds: float,
    fallback: bool = True,
    encoder_id: str | None = None,
) -> Embedded:
    """Return one vector per text, all made by the same encoder.

    When the configured model fails, the local encoder stands in, and `error_code` of the result says why; with
    `fallback=False` the model's ProviderError is raised instead, for callers that store vectors. The local encoder is
    free: it is recorded, and never refused by the meter. `encoder_id` asks for another encoder than the configured one:
    the previous model or the local one.
    """
    providers = current()
    model = providers.encoder if encoder_id is None else providers.encoder_named(encoder_id)
    if model is providers.local:
        vectors = await _local(texts, purpose, ref, scope, kind)
        return Embedded(vectors, providers.local.encoder_id, "fallback")
    try:
        if model is None:
            raise NotConfigured(f"no encoder {encoder_id} is configured")
        vectors = await _by_model(model, texts, purpose, ref, scope, kind, deadline_seconds)
        return Embedded(vectors, model.encoder_id, "model")
    except ProviderError as error:
        if not fallback:
            raise
        logger.warning("embedding failed, the local encoder stands in: %s", error)
        vectors = await _local(texts, purpose, ref, scope, kind)
        return Embedded(vectors, providers.local.encoder_id, "fallback", error_code=error.code)


def embed_here(texts: Sequence[str], *, purpose: str, ref: str) -> list[list[float]]:
    """Return the local encoder's vectors, made and recorded in this thread.

    For callers that are in one anyway, for the database's sake.
    """
    encoder = current().local
    return done_here(
        purpose,
        ref,
        work=_work(encoder, LOCAL_BREAKER),
        attempt=lambda: encoder.encode(texts),
        input_text="\n".join(texts),
    )


async def _by_model(
    model: Embedder,
    texts: Sequence[str],
    purpose: str,
    ref: str,
    scope: str,
    kind: TextKind,
    deadline_seconds: float,
) -> list[list[float]]:
    clock = asyncio.get_running_loop().time
    deadline = clock() + deadline_seconds
    vectors: list[list[float]] = []
    size = model.batch or max(1, len(texts))
    for start in range(0, len(texts), size):
        left = deadline - clock()
        if left <= 0:
            raise TimedOut("the time for all batches is over")
        batch = texts[start : start + size]
        vectors += await _one_batch(model, batch, purpose, ref, scope, kind, left, breaker=BREAKER)
    return vectors


async def _local(
    texts: Sequence[str], purpose: str, ref: str, scope: str, kind: TextKind
) -> list[list[float]]:
    encoder = current().local
    return await _one_batch(encoder, texts, purpose, ref, scope, kind, LOCAL_SECONDS, breaker=LOCAL_BREAKER)


async def _one_batch(
    model: Embedder,
    texts: Sequence[str],
    purpose: str,
    ref: str,
    scope: str,
    kind: TextKind,
    deadline_seconds: float,
    *,
    breaker: str,
) -> list[list[float]]:
    async def attempt(tally: Tally) -> list[list[float]]:
        return await model.embed(texts, kind=kind, tally=tally)

    return await call(
        purpose,
        ref,
        work=_work(model, breaker),
        scope=scope,
        deadline_seconds=deadline_seconds,
        attempt=attempt,
        input_text="\n".join(texts),
    )


def _work(model: Embedder, breaker: str) -> Work:
    return Work(
        provider=model.provider,
        model=model.model,
        operation=OPERATION,
        breaker=breaker,
        attempts=current().config.patience.attempts,
        free=model.in_process,
        told=model is not current().local,
    )
