"""The vision model over a real socket: what it is sent, and every way in which it can fail."""

import dataclasses
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from kimono.providers import (
    MemoryMeter,
    Message,
    NotConfigured,
    Picture,
    Prompt,
    ProviderError,
    current,
    describe_image,
    install,
    tracing,
)
from kimono.providers.config import ChatEndpoint, Patience, from_environment
from kimono.providers.errors import (
    EmptyAnswer,
    Malformed,
    Misconfigured,
    RateLimited,
    TimedOut,
    Truncated,
    Unavailable,
)
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin
from tests.fixtures.langfuse import eventually, langfuse_server

PROMPT = Prompt(
    "describe_image", "v1", (Message("system", "Describe."), Message("user", "What is on this picture?"))
)
FAULTS = [
    (Mode.STALL, TimedOut, 3),
    (Mode.STALL_MID, TimedOut, 3),
    (Mode.NEVER, TimedOut, 3),
    (Mode.TRUNCATED, Truncated, 1),
    (Mode.HTML, Malformed, 1),
    (Mode.BROKEN_JSON, Malformed, 1),
    (Mode.ERROR_IN_STREAM, Unavailable, 3),
    (Mode.RESET, Unavailable, 3),
    (Mode.RESET_MID, Unavailable, 3),
    (Mode.RATE_LIMITED, RateLimited, 3),
    (Mode.SERVER_ERROR, Unavailable, 3),
    (Mode.OVERLOADED, Unavailable, 3),
    (Mode.EMPTY_CHOICES, EmptyAnswer, 1),
    (Mode.EMPTY_TEXT, EmptyAnswer, 1),
    (Mode.WRONG_MODEL, Misconfigured, 1),
    (Mode.OVERLONG, Truncated, 1),
]


def picture() -> Picture:
    buffer = BytesIO()
    Image.new("RGB", (64, 48), (250, 10, 10)).save(buffer, "PNG")
    return Picture("image/png", buffer.getvalue())


def use(base_url: str, *, read_seconds: float = 10.0) -> None:
    install(
        dataclasses.replace(
            current().config,
            vision=ChatEndpoint("local", base_url, "standin-vision"),
            patience=Patience(connect_seconds=5.0, read_seconds=read_seconds, attempts=3),
        )
    )


async def asked() -> str:
    result = await describe_image(
        PROMPT, picture(), purpose="caption", ref="job-1", scope="t_alpha", deadline_seconds=60.0
    )
    return result.text


@pytest.mark.parametrize("address", ["http", "standin:"])
async def test_the_picture_is_seen(standin: Standin, meter: MemoryMeter, address: str) -> None:
    use(standin.base_url if address == "http" else address)
    assert await asked() == "A red picture, 64 by 48 pixels."
    (record,) = meter.records
    assert (record.operation, record.prompt_name, record.prompt_version) == ("vision", "describe_image", "v1")
    assert record.success and record.tokens_input > 0 and record.tokens_output > 0
    if address == "http":
        messages: Any = standin.log()[0]["body"]["messages"]  # type: ignore[index]
        assert messages[0] == {"role": "system", "content": "Describe."}
        text, image = messages[1]["content"]
        assert text == {"type": "text", "text": "What is on this picture?"}
        assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(("mode", "kind", "requests"), FAULTS, ids=[mode for mode, _, _ in FAULTS])
async def test_faults(
    standin: Standin, meter: MemoryMeter, mode: Mode, kind: type[ProviderError], requests: int
) -> None:
    use(standin.base_url, read_seconds=0.3 if kind is TimedOut else 10.0)
    standin.behave(mode)
    with pytest.raises(kind) as failed:
        await asked()
    assert type(failed.value) is kind
    assert len(standin.log()) == len(meter.records) == requests
    assert {record.error_code for record in meter.records} == {kind.code}


async def test_without_a_vision_model_there_is_none(standin: Standin) -> None:
    with pytest.raises(NotConfigured):
        await asked()


async def test_the_picture_itself_is_not_exported(standin: Standin) -> None:
    use(standin.base_url)
    with langfuse_server() as langfuse:
        install(dataclasses.replace(current().config, langfuse=langfuse.access))
        await asked()
        eventually(langfuse.generations)
        tracing.install_exporter(None)
    (told,) = langfuse.generations()
    assert told["name"] == "describe_image_v1" and "base64" not in str(told)
    assert f"[image/png, {len(picture().data)} bytes]" in told["input"][1]["content"]


def test_the_environment_names_it() -> None:
    named = {"KIMONO_VISION_BASE_URL": "http://127.0.0.1:11434/v1", "KIMONO_VISION_MODEL": "qwen2.5vl"}
    assert from_environment(named).vision == ChatEndpoint("local", "http://127.0.0.1:11434/v1", "qwen2.5vl")
