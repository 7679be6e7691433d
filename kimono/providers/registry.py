"""Which adapter serves which address, and the providers that are in use."""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from kimono.providers import breakers, tracing
from kimono.providers.config import (
    ChatEndpoint,
    ConfigError,
    EmbeddingEndpoint,
    Patience,
    ProvidersConfig,
    RerankEndpoint,
    from_environment,
)
from kimono.providers.errors import Misconfigured
from kimono.providers.langfuse.exporter import LangfuseExporter
from kimono.providers.local import LocalEncoder
from kimono.providers.models import ChatModel, Embedder, Reranker
from kimono.providers.openai_compatible.chat import OpenAIChat
from kimono.providers.openai_compatible.embeddings import OpenAIEmbedder
from kimono.providers.openai_compatible.reranking import OpenAIReranker
from kimono.providers.sentence_encoder import SentenceEncoder
from kimono.providers.standin.adapters import StandinChat, StandinEmbedder, StandinReranker

logger = logging.getLogger(__name__)

# An adapter is chosen by the scheme of its base URL.
CHAT_ADAPTERS: dict[str, Callable[[ChatEndpoint, Patience], ChatModel]] = {
    "http": OpenAIChat,
    "https": OpenAIChat,
    "standin": StandinChat,
}
EMBEDDING_ADAPTERS: dict[str, Callable[[EmbeddingEndpoint, Patience], Embedder]] = {
    "http": OpenAIEmbedder,
    "https": OpenAIEmbedder,
    "standin": StandinEmbedder,
    "local": SentenceEncoder,
}

RERANK_ADAPTERS: dict[str, Callable[[RerankEndpoint, Patience], Reranker]] = {
    "http": OpenAIReranker,
    "https": OpenAIReranker,
    "standin": StandinReranker,
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


A = TypeVar("A")

_lock = threading.Lock()
_current: Providers | None = None


def build(config: ProvidersConfig) -> Providers:
    """Make the adapters for a configuration. Raises ConfigError for an address no adapter serves."""
    rerank = config.rerank
    return Providers(
        config=config,
        chat=_chat_model(config.chat, config.patience),
        vision=_chat_model(config.vision, config.patience),
        embedder=_embedder(config.embedding, config.patience),
        local=LocalEncoder(),
        previous=_embedder(config.previous_embedding, config.patience),
        reranker=_adapter(RERANK_ADAPTERS, rerank.scheme)(rerank, config.patience) if rerank else None,
    )


def _chat_model(endpoint: ChatEndpoint | None, patience: Patience) -> ChatModel | None:
    return _adapter(CHAT_ADAPTERS, endpoint.scheme)(endpoint, patience) if endpoint else None


def _embedder(endpoint: EmbeddingEndpoint | None, patience: Patience) -> Embedder | None:
    return _adapter(EMBEDDING_ADAPTERS, endpoint.scheme)(endpoint, patience) if endpoint else None


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


def _adapter(adapters: dict[str, A], scheme: str) -> A:
    try:
        return adapters[scheme]
    except KeyError:
        raise ConfigError(f"no adapter serves addresses that begin with {scheme}:") from None
