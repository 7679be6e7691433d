from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from kimono.providers import MemoryMeter, Message, Prompt, close_clients, install, metering
from kimono.providers.config import ChatEndpoint, EmbeddingEndpoint, Patience, ProvidersConfig
from kimono.providers.registry import current
from kimono.providers.standin.server import Standin, running

# Long enough for a busy machine.
READ_SECONDS = 10.0


@pytest.fixture(scope="session")
def model_server() -> Iterator[Standin]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def meter() -> Iterator[MemoryMeter]:
    before = metering._meter
    memory = MemoryMeter()
    metering.install_meter(memory)
    yield memory
    metering._meter = before


@pytest_asyncio.fixture
async def standin(model_server: Standin) -> AsyncIterator[Standin]:
    """A model server that behaves, with the product configured to use it."""
    before = current().config
    model_server.clear()
    model_server.state.token_delay = 0.0
    model_server.state.retry_after = 0.05
    install(
        ProvidersConfig(
            chat=ChatEndpoint("local", model_server.base_url, "standin", small_model="standin-small"),
            embedding=EmbeddingEndpoint(
                "local", model_server.base_url, "standin-embed", dimensions=384, batch=4
            ),
            patience=Patience(connect_seconds=5.0, read_seconds=READ_SECONDS, attempts=3),
        )
    )
    yield model_server
    await close_clients()
    install(before)


@pytest.fixture
def prompt() -> Prompt:
    return Prompt(
        name="answer",
        version="v1",
        messages=(
            Message("system", "Answer from the sources only and cite them."),
            Message(
                "user",
                '<source id="1">The store opens at nine in the morning. Parking is free.</source>\n'
                '<source id="2">Returns are accepted within 14 days of delivery. Bring the receipt.</source>\n'
                "Question: Within how many days are returns accepted?",
            ),
        ),
    )
