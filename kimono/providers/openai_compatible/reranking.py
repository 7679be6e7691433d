"""Rerankers beside an OpenAI-compatible API: `POST /rerank` as Jina, Cohere, vLLM and DashScope speak it."""

import math
from collections.abc import Mapping, Sequence

import httpx2

from kimono.providers.calls import Tally
from kimono.providers.config import Patience, RerankEndpoint
from kimono.providers.errors import EmptyAnswer, Malformed
from kimono.providers.openai_compatible.clients import client_for
from kimono.providers.openai_compatible.faults import error_in_body, translated
from kimono.providers.openai_compatible.wire import read_json

JSON = "application/json"


class OpenAIReranker:
    """A reranker behind an address; `path` of the endpoint is what the provider calls it (`/rerank`, `/reranks`)."""

    def __init__(self, endpoint: RerankEndpoint, patience: Patience) -> None:
        self._endpoint = endpoint
        self._patience = patience

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model's name."""
        return self._endpoint.model

    async def rerank(self, query: str, texts: Sequence[str], tally: Tally) -> list[float]:
        """Return how well each text answers, 0 to 1, in their order."""
        body = {
            "model": self.model,
            "query": query,
            "documents": list(texts),
            "top_n": len(texts),
            "return_documents": False,
        }
        with translated(tally):
            answer = await self._posted(body)
        if not isinstance(answer, Mapping):
            raise Malformed("the answer is not a JSON object")
        if answer.get("error"):
            raise error_in_body(answer["error"], partial="")
        tally.usage = _usage(answer) or tally.usage
        return _scores(answer.get("results"), len(texts))

    async def _posted(self, body: Mapping[str, object]) -> object:
        client = client_for(self._endpoint, self._patience)
        response = await client.post(self._endpoint.path, cast_to=httpx2.Response, body=body, stream=True)
        try:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != JSON:
                raise Malformed(f"content type {kind or 'missing'}")
            return await read_json(response.aiter_bytes())
        finally:
            await response.aclose()


def _usage(answer: Mapping[str, object]) -> tuple[int, int] | None:
    usage = answer.get("usage")
    total = usage.get("total_tokens", usage.get("prompt_tokens")) if isinstance(usage, Mapping) else None
    return (total, 0) if isinstance(total, int) and total >= 0 else None


def _scores(rows: object, count: int) -> list[float]:
    """Return the scores of all texts by their numbers; servers send them best first."""
    if not isinstance(rows, list):
        raise Malformed("the results are not a list")
    if not rows:
        raise EmptyAnswer("no scores")
    scores: dict[int, float] = {}
    for row in rows:
        index = row.get("index") if isinstance(row, Mapping) else None
        score = row.get("relevance_score", row.get("score")) if isinstance(row, Mapping) else None
        if not isinstance(index, int) or not 0 <= index < count or index in scores:
            raise Malformed("the results do not name the texts that were sent")
        if not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score):
            raise Malformed("a score is not a number")
        scores[index] = float(score)
    if len(scores) != count:
        raise Malformed(f"{len(scores)} scores for {count} texts")
    return _as_shares([scores[index] for index in range(count)])


def _as_shares(scores: list[float]) -> list[float]:
    """Return scores between 0 and 1: some servers send the model's raw number, whose sigmoid is meant."""
    if all(0.0 <= score <= 1.0 for score in scores):
        return scores
    return [1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, score)))) for score in scores]
