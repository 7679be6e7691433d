"""A merchant with a little knowledge, and a chat model that can misbehave."""

from collections.abc import Iterator
from typing import Any

import pytest

from kimono.lib import db
from kimono.providers import install
from kimono.providers.config import BreakerLimits, ChatEndpoint, Patience, ProvidersConfig
from kimono.providers.registry import current
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin, running
from tests.conversations.written import CLEANING, RETURNS, SHIPPING
from tests.fixtures.tenants import tenant_called


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Any]:
    """`alpha` in force, with two pairs and a document."""
    from tests.knowledge.filling import add_document, add_pair

    tenant = tenant_called("alpha")
    with db.tenant_scope(tenant):
        add_pair("退货流程是什么？", RETURNS, similar=["怎么退货", "如何申请退货"])
        add_pair("运费怎么算？", SHIPPING, similar=["运费多少", "邮费是多少"])
        add_document("cleaning.md", CLEANING, title="清洗收费标准")
        yield tenant


@pytest.fixture(scope="session")
def _model_server() -> Iterator[Standin]:
    with running() as server:
        yield server


@pytest.fixture
def model(_model_server: Standin) -> Iterator[Standin]:
    """A chat model that answers from the sources it is given; its `state` says how it behaves."""
    before = current().config
    _model_server.clear()
    _model_server.state.set_mode(Mode.OK)
    _model_server.state.token_delay = 0.0
    _model_server.state.retry_after = 0.05
    install(
        ProvidersConfig(
            chat=ChatEndpoint("local", _model_server.base_url, "standin", small_model="standin-small"),
            patience=Patience(connect_seconds=5.0, read_seconds=10.0, attempts=2),
            breaker=BreakerLimits(failures=1000, seconds=30.0, probe_seconds=0.2),
        )
    )
    yield _model_server
    _model_server.state.set_mode(Mode.OK)
    install(before)
