"""The environment of the providers, and what is wrong with it."""

import pytest

from kimono.providers.config import ConfigError, ProvidersConfig, from_environment, provider_name

CHAT = {"KIMONO_CHAT_BASE_URL": "https://api.example.com/v1", "KIMONO_CHAT_MODEL": "m-large"}
EMBEDDING = {
    "KIMONO_EMBEDDING_BASE_URL": "http://127.0.0.1:9000/v1",
    "KIMONO_EMBEDDING_MODEL": "bge-m3",
    "KIMONO_EMBEDDING_DIMENSIONS": "1024",
}


def test_nothing_configured_is_nothing_there() -> None:
    config = from_environment({})
    assert config == ProvidersConfig()
    assert (config.chat, config.embedding, config.rerank, config.vision) == (None, None, None, None)
    assert (config.patience.connect_seconds, config.patience.read_seconds) == (5.0, 15.0)
    assert (config.breaker.failures, config.breaker.seconds, config.breaker.probe_seconds) == (5, 30.0, 30.0)


def test_a_chat_model_with_everything() -> None:
    config = from_environment(
        CHAT | {"KIMONO_CHAT_API_KEY": "sk-1", "KIMONO_CHAT_SMALL_MODEL": "m-small"}
    ).chat
    assert config is not None
    assert (config.provider, config.base_url, config.api_key) == (
        "api.example.com",
        CHAT["KIMONO_CHAT_BASE_URL"],
        "sk-1",
    )
    assert (config.model, config.small_model, config.scheme) == ("m-large", "m-small", "https")


def test_keys_are_not_shown() -> None:
    shown = repr(from_environment(CHAT | {"KIMONO_CHAT_API_KEY": "sk-very-secret"}))
    assert "sk-very-secret" not in shown


def test_an_embedding_model_with_everything() -> None:
    config = from_environment(
        EMBEDDING | {"KIMONO_EMBEDDING_BATCH": "32", "KIMONO_EMBEDDING_SEND_DIMENSIONS": "1"}
    )
    assert config.embedding is not None
    assert (config.embedding.provider, config.embedding.dimensions) == ("local", 1024)
    assert (config.embedding.batch, config.embedding.send_dimensions) == (32, True)


def test_reranker_and_vision_model_are_read_too() -> None:
    config = from_environment(
        {
            f"KIMONO_{kind}_{key}": value
            for kind in ("RERANK", "VISION")
            for key, value in (("BASE_URL", "http://h/v1"), ("MODEL", kind))
        }
    )
    assert config.rerank is not None and config.rerank.model == "RERANK"
    assert config.vision is not None and config.vision.model == "VISION"


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"KIMONO_CHAT_BASE_URL": "https://h/v1"}, "KIMONO_CHAT_MODEL"),
        (CHAT | {"KIMONO_CHAT_BASE_URL": "h/v1"}, "KIMONO_CHAT_BASE_URL"),
        (CHAT | {"KIMONO_CHAT_BASE_URL": "ftp://h/v1"}, "KIMONO_CHAT_BASE_URL"),
        (CHAT | {"KIMONO_CHAT_BASE_URL": "https://"}, "KIMONO_CHAT_BASE_URL"),
        (EMBEDDING | {"KIMONO_EMBEDDING_DIMENSIONS": ""}, "KIMONO_EMBEDDING_DIMENSIONS"),
        (EMBEDDING | {"KIMONO_EMBEDDING_DIMENSIONS": "many"}, "KIMONO_EMBEDDING_DIMENSIONS"),
        (EMBEDDING | {"KIMONO_EMBEDDING_BATCH": "0"}, "KIMONO_EMBEDDING_BATCH"),
        ({"KIMONO_PROVIDER_READ_SECONDS": "-1"}, "KIMONO_PROVIDER_READ_SECONDS"),
        ({"KIMONO_PROVIDER_CONNECT_SECONDS": "nan"}, "KIMONO_PROVIDER_CONNECT_SECONDS"),
        ({"KIMONO_BREAKER_FAILURES": "2.5"}, "KIMONO_BREAKER_FAILURES"),
    ],
)
def test_what_is_wrong_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        from_environment(env)


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", "dashscope"),
        ("https://api.openai.com/v1", "openai"),
        ("https://notopenai.com/v1", "notopenai.com"),
        ("http://localhost:11434/v1", "local"),
        ("http://[::1]:8000/v1", "local"),
        ("http://models.internal:8000/v1", "models.internal"),
        ("standin:", "standin"),
    ],
)
def test_providers_are_named_by_their_host(base_url: str, name: str) -> None:
    assert provider_name(base_url) == name


def test_the_name_can_be_given() -> None:
    config = from_environment(CHAT | {"KIMONO_CHAT_PROVIDER": "ours"}).chat
    assert config is not None and config.provider == "ours"
