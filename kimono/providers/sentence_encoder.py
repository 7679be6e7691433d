"""Sentence encoders that run inside the process (extra `local-models`), by name or by the path of a folder."""

import asyncio
import hashlib
import importlib.util
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from kimono.lib.threads import in_thread
from kimono.providers.calls import Tally
from kimono.providers.config import ConfigError, EmbeddingEndpoint, Patience
from kimono.providers.errors import Malformed, Misconfigured
from kimono.providers.shapes import TextKind

EXTRA = "local-models"
LONGEST_NAME = 80

_loading = threading.Lock()
_encoding = threading.Lock()
_models: dict[tuple[str, int], Any] = {}
_turns: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = weakref.WeakKeyDictionary()


class SentenceEncoder:
    """A model of sentence-transformers; loaded at its first use, once per process, and used by one thread at a time.

    `dimensions` of the endpoint shorten the vectors of a model that was made for it; 0 takes what the model makes.
    """

    def __init__(self, endpoint: EmbeddingEndpoint, patience: Patience) -> None:
        # Looked for without importing it: that takes seconds, and is for the first text.
        if importlib.util.find_spec("sentence_transformers") is None:
            raise ConfigError(
                f"KIMONO_EMBEDDING_BASE_URL=local: needs the extra {EXTRA}: pip install 'kimono[{EXTRA}]'"
            )
        self._endpoint = endpoint

    @property
    def provider(self) -> str:
        """The name calls are recorded under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model's name, or its folder's, in usage records."""
        return self._endpoint.model.rstrip("/").rpartition("/")[2]

    @property
    def encoder_id(self) -> str:
        """The name of the vector space: the model's, and how long vectors are where that is set."""
        name = self._endpoint.model
        if len(name) > LONGEST_NAME:
            name = f"{self.model[:60]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        return "-".join(
            ["st", name, *([str(self._endpoint.dimensions)] if self._endpoint.dimensions else [])]
        )

    @property
    def dimensions(self) -> int:
        """The length of every vector; the model is loaded to say so. Raises Misconfigured."""
        return self._endpoint.dimensions or int(self.load().get_embedding_dimension())

    @property
    def batch(self) -> int | None:
        """The most texts per call: what is under way cannot be interrupted."""
        return self._endpoint.batch

    @property
    def in_process(self) -> bool:
        """True: it costs nothing but time."""
        return True

    async def embed(self, texts: Sequence[str], *, kind: TextKind, tally: Tally) -> list[list[float]]:
        """Return one unit vector per text; queries get the prefix that the model wants for them."""
        # A task of its own: who gives up waiting does not let the next one in while the thread is still at work.
        work = asyncio.ensure_future(self._in_turn(list(texts), kind))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def load(self) -> Any:
        """Return the model, from this process's memory if it is there. Raises Misconfigured."""
        key = (self._endpoint.model, self._endpoint.dimensions)
        with _loading:
            if key not in _models:
                _models[key] = _loaded(*key)
            return _models[key]

    async def _in_turn(self, texts: list[str], kind: TextKind) -> list[list[float]]:
        # Waiting here holds no thread: those of the pool are for the database, too.
        turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        async with turn:
            return await in_thread(self._encode, texts, kind)

    def _encode(self, texts: list[str], kind: TextKind) -> list[list[float]]:
        model = self.load()
        encode = model.encode_query if kind == "query" else model.encode_document
        with _encoding:
            try:
                vectors = encode(
                    texts, batch_size=max(1, len(texts)), normalize_embeddings=True, show_progress_bar=False
                )
            except (RuntimeError, ValueError, IndexError) as error:
                raise Malformed(f"{self.model} failed: {error}"[:300]) from error
        return [[float(value) for value in vector] for vector in vectors]


def _loaded(name: str, dimensions: int) -> Any:
    # Tokenizers that have started threads warn at every fork, and may hang after it.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(name, truncate_dim=dimensions or None)
    except Exception as error:
        # From a missing file to a library that does not fit: whatever it is, no vector comes of it.
        raise Misconfigured(
            f"the model {name} cannot be loaded: {type(error).__name__}: {error}"[:300]
        ) from error
