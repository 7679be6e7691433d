"""Chat models and encoders, whoever serves them: the only place where vendors' SDKs are imported.

Imports no app. Every request to a provider passes through `call`, which asks and tells the installed `Meter`.
"""

from kimono.providers import breakers
from kimono.providers.calls import Tally, Work, booked, call
from kimono.providers.completion import ChatStream, chat, stream_chat
from kimono.providers.config import ConfigError, ProvidersConfig, from_environment
from kimono.providers.embedding import embed, embed_here
from kimono.providers.errors import (
    BreakerOpen,
    CallRefused,
    EmptyAnswer,
    Malformed,
    Misconfigured,
    NotConfigured,
    ProviderError,
    RateLimited,
    Rejected,
    TimedOut,
    Truncated,
    Unavailable,
)
from kimono.providers.metering import MemoryMeter, Meter, NullMeter, install_meter
from kimono.providers.models import ChatModel, Embedder, Picture, Reranker
from kimono.providers.openai_compatible.clients import close_clients
from kimono.providers.registry import Providers, current, install, warm_up
from kimono.providers.reranking import rerank
from kimono.providers.shapes import CallRecord, ChatResult, Embedded, Message, Prompt, Refused
from kimono.providers.tracing import Entry, close_exporter, entered
from kimono.providers.vision import describe_image

__all__ = [
    "BreakerOpen",
    "CallRecord",
    "CallRefused",
    "ChatModel",
    "ChatResult",
    "ChatStream",
    "ConfigError",
    "Embedded",
    "Embedder",
    "EmptyAnswer",
    "Entry",
    "Malformed",
    "MemoryMeter",
    "Message",
    "Meter",
    "Misconfigured",
    "NotConfigured",
    "NullMeter",
    "Picture",
    "Prompt",
    "ProviderError",
    "Providers",
    "ProvidersConfig",
    "RateLimited",
    "Refused",
    "Rejected",
    "Reranker",
    "Tally",
    "TimedOut",
    "Truncated",
    "Unavailable",
    "Work",
    "booked",
    "breakers",
    "call",
    "chat",
    "close_clients",
    "close_exporter",
    "current",
    "describe_image",
    "embed",
    "embed_here",
    "entered",
    "from_environment",
    "install",
    "install_meter",
    "rerank",
    "stream_chat",
    "warm_up",
]
