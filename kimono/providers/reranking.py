"""Asking the reranker how well texts answer a question."""

from collections.abc import Sequence

from kimono.providers.calls import Tally, Work, call
from kimono.providers.errors import NotConfigured
from kimono.providers.registry import current

OPERATION = "rerank"
BREAKER = "rerank"


async def rerank(
    query: str, texts: Sequence[str], *, purpose: str, ref: str, scope: str, deadline_seconds: float
) -> list[float]:
    """Return for each text how well it answers `query`, 0 to 1, in the order of the texts.

    Raises ProviderError: NotConfigured without a reranker, and the other kinds of `errors`.
    """
    model = current().reranker
    if model is None:
        raise NotConfigured("no reranker is configured")

    async def attempt(tally: Tally) -> list[float]:
        return await model.rerank(query, texts, tally)

    return await call(
        purpose,
        ref,
        work=Work(
            provider=model.provider,
            model=model.model,
            operation=OPERATION,
            breaker=BREAKER,
            attempts=current().config.patience.attempts,
        ),
        scope=scope,
        deadline_seconds=deadline_seconds,
        attempt=attempt,
        input_text="\n".join([query, *texts]),
    )
