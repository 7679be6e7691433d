"""The stand-in without a socket: the same answers, inside this process, for `standin:` addresses."""

import asyncio
import json
from collections.abc import Sequence

from kimono.providers.calls import Tally
from kimono.providers.config import ChatEndpoint, EmbeddingEndpoint, Patience, RerankEndpoint
from kimono.providers.local import LocalEncoder
from kimono.providers.metering import estimate_tokens
from kimono.providers.models import Ask, Completion, Emit
from kimono.providers.shapes import TextKind
from kimono.providers.standin.answering import answer
from kimono.providers.standin.data import instance
from kimono.providers.standin.reading import likeness, read
from kimono.providers.standin.seeing import seen
from kimono.providers.standin.writing import pieces


class StandinChat:
    """A chat model that answers from the sources in its prompt, sentence by sentence."""

    def __init__(self, endpoint: ChatEndpoint, patience: Patience) -> None:
        self._endpoint = endpoint

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model used when none is named."""
        return self._endpoint.model

    @property
    def small_model(self) -> str:
        """The model for light work."""
        return self._endpoint.small_model or self._endpoint.model

    async def complete(self, ask: Ask, tally: Tally) -> Completion:
        """Answer in one piece."""
        return await self.stream(ask, tally, lambda text: None)

    async def stream(self, ask: Ask, tally: Tally, emit: Emit) -> Completion:
        """Answer piece by piece through `emit`."""
        text = _text(ask)
        for piece in pieces(text):
            tally.received(piece)
            emit(piece)
            # Readers get their turn between pieces, as they would with a server.
            await asyncio.sleep(0)
        sent = sum(estimate_tokens(message.content) for message in ask.messages)
        tally.usage = (sent, estimate_tokens(text))
        return Completion(text=text, model=ask.model)


class StandinEmbedder(LocalEncoder):
    """The local encoder, served under a model's name."""

    def __init__(self, endpoint: EmbeddingEndpoint, patience: Patience) -> None:
        super().__init__(endpoint.dimensions)
        self._endpoint = endpoint

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model's name in usage records."""
        return self._endpoint.model

    @property
    def encoder_id(self) -> str:
        """The name of the vector space, with its dimensions."""
        return f"{self._endpoint.model}-{self._endpoint.dimensions}"

    @property
    def in_process(self) -> bool:
        """False: it stands in for a server."""
        return False

    async def embed(self, texts: Sequence[str], *, kind: TextKind, tally: Tally) -> list[list[float]]:
        """Return one unit vector per text, and tally what a server would report."""
        tally.usage = (sum(map(estimate_tokens, texts)), 0)
        return await super().embed(texts, kind=kind, tally=tally)


class StandinReranker:
    """A reranker that counts the question's words in a text."""

    def __init__(self, endpoint: RerankEndpoint, patience: Patience) -> None:
        self._endpoint = endpoint

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model's name in usage records."""
        return self._endpoint.model

    async def rerank(self, query: str, texts: Sequence[str], tally: Tally) -> list[float]:
        """Return the share of the question's words that each text has."""
        tally.usage = (sum(map(estimate_tokens, [query, *texts])), 0)
        return [likeness(query, text) for text in texts]


def _text(ask: Ask) -> str:
    if ask.picture is not None:
        return seen(ask.picture.data)
    reading = read([(message.role, message.content) for message in ask.messages])
    if ask.schema is None:
        return answer(reading)
    return json.dumps(instance(ask.schema, reading), ensure_ascii=False)
