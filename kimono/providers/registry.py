"""Which adapter serves which address, and the providers that are in use."""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from kimono.providers import breakers, tracing
from kimono.providers.config import (
    ConfigError,
    Endpoint,
    Patience,
    ProvidersConfig,
    from_environment,
)
from kimono.providers.errors import Misconfigured
from kimono.providers.langfuse.exporter import LangfuseExporter
from kimono.providers.local import LocalEncoder
from kimono.providers.models import ChatModel, Embedder, Reranker
from kimono.providers.sentence_encoder import SentenceEncoder

logger = logging.getLogger(__name__)

# By the scheme of the base URL. They are loaded where they are configured: a vendor's SDK takes half of the time in
# which a process starts, and 30 MB of it.
CHAT_ADAPTERS = {
    "http": "kimono.providers.openai_compatible.chat.OpenAIChat",
    "https": "kimono.providers.openai_compatible.chat.OpenAIChat",
    "standin": "kimono.providers.standin.adapters.StandinChat",
}
EMBEDDING_ADAPTERS = {
    "http": "kimono.providers.openai_compatible.embeddings.OpenAIEmbedder",
    "https": "kimono.providers.openai_compatible.embeddings.OpenAIEmbedder",
    "standin": "kimono.providers.standin.adapters.StandinEmbedder",
    "local": "kimono.providers.sentence_encoder.SentenceEncoder",
}
RERANK_ADAPTERS = {
    "http": "kimono.providers.openai_compatible.reranking.OpenAIReranker",
    "https": "kimono.providers.openai_compatible.reranking.OpenAIReranker",
    "standin": "kimono.providers.standin.adapters.StandinReranker",
}


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers in use. `chat` and `embedder` are None where none is configured; `local` is always there."""

    config: ProvidersConfig
    chat: ChatModel | None
    embedder: Embedder | None
    local: LocalEncoder
    previous: Embedder | None = None
    reranker: Reranker | None = None
    vision: ChatModel | None = None

    @property
    def encoder(self) -> Embedder:
        """The embedder whose vectors are to be stored: the configured one, or else the local encoder."""
        return self.embedder or self.local

    def encoder_named(self, encoder_id: str) -> Embedder | None:
        """Return the encoder whose vectors are called so, None when there is none any more."""
        known = (self.embedder, self.previous, self.local)
        return next((each for each in known if each is not None and each.encoder_id == encoder_id), None)


_lock = threading.Lock()
_current: Providers | None = None


def build(config: ProvidersConfig) -> Providers:
    """Make the adapters for a configuration. Raises ConfigError for an address no adapter serves."""
    patience = config.patience
    return Providers(
        config=config,
        chat=_made(CHAT_ADAPTERS, config.chat, patience),
        vision=_made(CHAT_ADAPTERS, config.vision, patience),
        embedder=_made(EMBEDDING_ADAPTERS, config.embedding, patience),
        local=LocalEncoder(),
        previous=_made(EMBEDDING_ADAPTERS, config.previous_embedding, patience),
        reranker=_made(RERANK_ADAPTERS, config.rerank, patience),
    )


def install(config: ProvidersConfig) -> Providers:
    """Make `config` the one in use, with fresh breakers and an exporter of its own."""
    global _current
    built = build(config)
    with _lock:
        breakers.configure(config.breaker)
        tracing.install_exporter(LangfuseExporter(config.langfuse) if config.langfuse else None)
        _current = built
    return built


def current() -> Providers:
    """Return the providers in use; where none were installed, those of this process's environment."""
    if _current is None:
        return install(from_environment(os.environ))
    return _current


def warm_up() -> None:
    """Load what takes seconds, in the thread that asks: before the first question, not during it."""
    embedder = current().embedder
    if isinstance(embedder, SentenceEncoder):
        try:
            embedder.load()
        except Misconfigured as error:
            logger.error("no vectors are made: %s", error)


def _made(adapters: Mapping[str, str], endpoint: Endpoint | None, patience: Patience) -> Any:
    if endpoint is None:
        return None
    try:
        path = adapters[endpoint.scheme]
    except KeyError:
        raise ConfigError(f"no adapter serves addresses that begin with {endpoint.scheme}:") from None
    return import_string(path)(endpoint, patience)
