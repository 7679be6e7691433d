"""Embeddings of an OpenAI-compatible endpoint."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from kimono.providers.calls import Tally
from kimono.providers.config import EmbeddingEndpoint, Patience
from kimono.providers.errors import EmptyAnswer, Malformed, Misconfigured
from kimono.providers.openai_compatible.clients import client_for
from kimono.providers.openai_compatible.faults import error_in_body, translated
from kimono.providers.openai_compatible.wire import read_json, usage_of
from kimono.providers.shapes import TextKind


class OpenAIEmbedder:
    """An embedding model behind an OpenAI-compatible address."""

    def __init__(self, endpoint: EmbeddingEndpoint, patience: Patience) -> None:
        self._endpoint = endpoint
        self._patience = patience

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
    def dimensions(self) -> int:
        """The length every vector must have."""
        return self._endpoint.dimensions

    @property
    def batch(self) -> int | None:
        """The most texts per request."""
        return self._endpoint.batch

    @property
    def in_process(self) -> bool:
        """False: a server's work is paid for."""
        return False

    async def embed(self, texts: Sequence[str], *, kind: TextKind, tally: Tally) -> list[list[float]]:
        """Return one vector per text, in order, by one request.

        The protocol has no word for `kind`, so that queries and passages are encoded alike.
        """
        client = client_for(self._endpoint, self._patience)
        create = cast(Any, client.embeddings.with_streaming_response.create)
        with translated(tally):
            async with create(**self._body(texts)) as response:
                body = await read_json(response.iter_bytes())
        return self._vectors(body, len(texts), tally)

    def _body(self, texts: Sequence[str]) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._endpoint.model,
            "input": list(texts),
            # Left out, the SDK asks for base64, which many compatible servers do not know.
            "encoding_format": "float",
        }
        if self._endpoint.send_dimensions:
            body["dimensions"] = self._endpoint.dimensions
        return body

    def _vectors(self, body: object, count: int, tally: Tally) -> list[list[float]]:
        if not isinstance(body, Mapping):
            raise Malformed("the answer is not a JSON object")
        if body.get("error"):
            raise error_in_body(body["error"], partial="")
        tally.usage = usage_of(body) or tally.usage
        rows = body.get("data")
        if not isinstance(rows, list):
            raise Malformed("the data are not a list")
        if not rows:
            raise EmptyAnswer("no vectors")
        if len(rows) != count:
            raise Malformed(f"{len(rows)} vectors for {count} texts")
        return self._in_order(rows)

    def _in_order(self, rows: list[object]) -> list[list[float]]:
        vectors: dict[int, list[float]] = {}
        for position, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise Malformed("a row of the data is not an object")
            index = row.get("index", position)
            if not isinstance(index, int) or not 0 <= index < len(rows) or index in vectors:
                raise Malformed("the rows of the data are not numbered from 0")
            vectors[index] = self._vector(row.get("embedding"))
        return [vectors[index] for index in range(len(rows))]

    def _vector(self, value: object) -> list[float]:
        if not isinstance(value, list) or not all(_is_number(item) for item in value):
            raise Malformed("a vector is not a list of finite numbers")
        if len(value) != self._endpoint.dimensions:
            raise Misconfigured(
                f"{self._endpoint.model} makes {len(value)} dimensions, {self._endpoint.dimensions} are configured"
            )
        return [float(item) for item in value]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
