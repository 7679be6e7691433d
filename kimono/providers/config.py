"""Which providers there are and how patient we are with them: the one place that reads their environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# Hosts whose names are worth a readable provider name in usage and prices; others are recorded by host.
KNOWN_PROVIDERS = {
    "aliyuncs.com": "dashscope",
    "openai.com": "openai",
    "deepseek.com": "deepseek",
    "siliconflow.cn": "siliconflow",
    "bigmodel.cn": "zhipu",
    "moonshot.cn": "moonshot",
}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
STANDIN_SCHEME = "standin"
# A model inside this process.
LOCAL_SCHEME = "local"
LANGFUSE_HOST = "https://cloud.langfuse.com"
_YES = frozenset({"1", "true", "yes", "on"})


class ConfigError(ValueError):
    """An environment variable that is missing or makes no sense; the message names it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is served. `base_url` is an OpenAI-compatible root, or `standin:` for the built-in one."""

    provider: str
    base_url: str
    model: str
    api_key: str = field(repr=False, default="")

    @property
    def scheme(self) -> str:
        """Return the part of the address that selects the adapter."""
        return urlsplit(self.base_url).scheme


@dataclass(frozen=True, slots=True)
class ChatEndpoint(Endpoint):
    """A chat model, and optionally a smaller one at the same address for light work."""

    small_model: str | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint(Endpoint):
    """An embedding model.

    `dimensions` is the length its vectors must have (0 for a model in this process: what it makes);
    `send_dimensions` asks the provider to shorten them to it; `batch` is the most texts per request (some providers
    refuse more than ten).
    """

    dimensions: int = 0
    send_dimensions: bool = False
    batch: int = 10


@dataclass(frozen=True, slots=True)
class RerankEndpoint(Endpoint):
    """A reranker; `path` follows the address."""

    path: str = "/rerank"


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits in seconds, and the most attempts per call."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """`failures` within `seconds` open a breaker; after `probe_seconds` one call may try again."""

    failures: int = 5
    seconds: float = 30.0
    probe_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Langfuse:
    """Where model calls are exported to, with the keys of one project there."""

    host: str
    public_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProvidersConfig:
    """Everything `kimono.providers` is told from outside; an absent endpoint is None.

    `previous_embedding` is the model whose vectors are searched until those of `embedding` are made.
    """

    chat: ChatEndpoint | None = None
    embedding: EmbeddingEndpoint | None = None
    previous_embedding: EmbeddingEndpoint | None = None
    rerank: RerankEndpoint | None = None
    vision: ChatEndpoint | None = None
    langfuse: Langfuse | None = None
    patience: Patience = Patience()
    breaker: BreakerLimits = BreakerLimits()


def from_environment(env: Mapping[str, str]) -> ProvidersConfig:
    """Read the configuration from environment variables `KIMONO_CHAT_*`, `KIMONO_EMBEDDING_*` and so on.

    Raises ConfigError naming the variable that is missing or wrong.
    """
    return ProvidersConfig(
        chat=_chat(env),
        embedding=_embedding(env, "EMBEDDING"),
        previous_embedding=_embedding(env, "EMBEDDING_PREVIOUS"),
        rerank=_rerank(env),
        vision=_vision(env),
        langfuse=_langfuse(env),
        patience=Patience(
            connect_seconds=_positive(env, "KIMONO_PROVIDER_CONNECT_SECONDS", 5.0),
            read_seconds=_positive(env, "KIMONO_PROVIDER_READ_SECONDS", 15.0),
            attempts=_count(env, "KIMONO_PROVIDER_ATTEMPTS", 3),
        ),
        breaker=BreakerLimits(
            failures=_count(env, "KIMONO_BREAKER_FAILURES", 5),
            seconds=_positive(env, "KIMONO_BREAKER_SECONDS", 30.0),
            probe_seconds=_positive(env, "KIMONO_BREAKER_PROBE_SECONDS", 30.0),
        ),
    )


def provider_name(base_url: str) -> str:
    """Return the name a provider at this address is recorded and priced under."""
    parts = urlsplit(base_url)
    if parts.scheme in {STANDIN_SCHEME, LOCAL_SCHEME}:
        return parts.scheme
    host = parts.hostname or ""
    if host in LOCAL_HOSTS:
        return "local"
    for suffix, name in KNOWN_PROVIDERS.items():
        if host == suffix or host.endswith("." + suffix):
            return name
    return host


def _chat(env: Mapping[str, str]) -> ChatEndpoint | None:
    base_url = _base_url(env, "CHAT")
    if base_url is None:
        return None
    return ChatEndpoint(
        provider=_provider(env, "CHAT", base_url),
        base_url=base_url,
        model=_required(env, "KIMONO_CHAT_MODEL"),
        api_key=env.get("KIMONO_CHAT_API_KEY", ""),
        small_model=env.get("KIMONO_CHAT_SMALL_MODEL") or None,
    )


def _embedding(env: Mapping[str, str], kind: str) -> EmbeddingEndpoint | None:
    base_url = _base_url(env, kind, LOCAL_SCHEME)
    if base_url is None:
        return None
    if urlsplit(base_url).scheme != LOCAL_SCHEME:
        _required(env, f"KIMONO_{kind}_DIMENSIONS")
    return EmbeddingEndpoint(
        provider=_provider(env, kind, base_url),
        base_url=base_url,
        model=_required(env, f"KIMONO_{kind}_MODEL"),
        api_key=env.get(f"KIMONO_{kind}_API_KEY", ""),
        dimensions=_count(env, f"KIMONO_{kind}_DIMENSIONS", 0),
        send_dimensions=env.get(f"KIMONO_{kind}_SEND_DIMENSIONS", "") == "1",
        batch=_count(env, f"KIMONO_{kind}_BATCH", 10),
    )


def _plain(env: Mapping[str, str], kind: str) -> Endpoint | None:
    base_url = _base_url(env, kind)
    if base_url is None:
        return None
    return Endpoint(
        provider=_provider(env, kind, base_url),
        base_url=base_url,
        model=_required(env, f"KIMONO_{kind}_MODEL"),
        api_key=env.get(f"KIMONO_{kind}_API_KEY", ""),
    )


def _langfuse(env: Mapping[str, str]) -> Langfuse | None:
    """Return where to export to; None when it is switched off or a key is missing."""
    public, secret = (env.get(f"LANGFUSE_{kind}_KEY", "").strip() for kind in ("PUBLIC", "SECRET"))
    if env.get("LANGFUSE_ENABLED", "").strip().lower() not in _YES or not public or not secret:
        return None
    host = env.get("LANGFUSE_HOST", "").strip() or LANGFUSE_HOST
    if urlsplit(host).scheme not in {"http", "https"} or not urlsplit(host).hostname:
        raise ConfigError("LANGFUSE_HOST must be an http(s) address")
    return Langfuse(host=host.rstrip("/"), public_key=public, secret_key=secret)


def _vision(env: Mapping[str, str]) -> ChatEndpoint | None:
    plain = _plain(env, "VISION")
    return ChatEndpoint(plain.provider, plain.base_url, plain.model, plain.api_key) if plain else None


def _rerank(env: Mapping[str, str]) -> RerankEndpoint | None:
    plain = _plain(env, "RERANK")
    if plain is None:
        return None
    path = env.get("KIMONO_RERANK_PATH", "").strip() or "/rerank"
    if not path.startswith("/"):
        raise ConfigError("KIMONO_RERANK_PATH must begin with a slash")
    return RerankEndpoint(plain.provider, plain.base_url, plain.model, plain.api_key, path=path)


def _provider(env: Mapping[str, str], kind: str, base_url: str) -> str:
    return env.get(f"KIMONO_{kind}_PROVIDER") or provider_name(base_url)


def _base_url(env: Mapping[str, str], kind: str, *more: str) -> str | None:
    """Return the address of a kind of model; `more` schemes besides the usual ones are for this kind only."""
    name = f"KIMONO_{kind}_BASE_URL"
    value = env.get(name, "").strip()
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme in {STANDIN_SCHEME, *more} or (parts.scheme in {"http", "https"} and parts.hostname):
        return value
    built_in = " or ".join(f"{scheme}:" for scheme in (STANDIN_SCHEME, *more))
    raise ConfigError(f"{name} must be an http(s) address, or {built_in} for a built-in one")


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is required when its BASE_URL is set")
    return value


def _positive(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"{name} must be a number above 0")
    return value


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigError(f"{name} must be a whole number of at least 1")
    return int(text)
