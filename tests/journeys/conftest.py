"""Two merchants' programs before the shared servers, and a model server that can misbehave."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from kimono.lib import db
from kimono.providers.standin.server import Standin, running
from tests.conversations.written import CLEANING, RETURNS, SHIPPING
from tests.fixtures.running import Run
from tests.fixtures.servers import Servers, free_port, make_servers
from tests.fixtures.tenants import tenant_called


@pytest.fixture
def program(live: Servers, new_key: Callable[..., str]) -> Iterator[Callable[..., httpx.Client]]:
    """Return a function that gives a merchant's program a client, with a key of all scopes, of the shared servers."""
    with ExitStack() as stack:

        def make(tenant: Any, servers: Servers = live) -> httpx.Client:
            return stack.enter_context(servers.client(key=new_key(tenant)))

        yield make


@pytest.fixture
def merchant(alpha: Any, program: Callable[..., httpx.Client]) -> httpx.Client:
    """The program of `alpha`."""
    return program(alpha)


@pytest.fixture(scope="session")
def _model_server() -> Iterator[Standin]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def _modelled(run: Run, worker: str, django_db_setup: None, _model_server: Standin) -> Iterator[Servers]:
    servers = make_servers(
        run,
        worker,
        name="modelled",
        KIMONO_CHAT_BASE_URL=_model_server.base_url,
        KIMONO_CHAT_MODEL="standin",
        KIMONO_CHAT_SMALL_MODEL="standin-small",
        KIMONO_PROVIDER_READ_SECONDS="1.5",
        KIMONO_PROVIDER_ATTEMPTS="2",
        KIMONO_BREAKER_FAILURES="1000",
    )
    yield servers
    servers.web.stop()


@pytest.fixture
def model(_model_server: Standin) -> Standin:
    """The model server of `modelled`, well-behaved."""
    _model_server.clear()
    _model_server.state.token_delay = 0.0
    _model_server.state.retry_after = 0.05
    return _model_server


@pytest.fixture
def modelled(_modelled: Servers, model: Standin, transactional_db: None) -> Servers:
    """A web server that answers with `model`; it has no worker of its own."""
    if not _modelled.web.runs:
        _modelled.web.start()
    _modelled.web.await_ready()
    return _modelled


@pytest.fixture
def web(run: Run, worker: str, transactional_db: None) -> Iterator[Callable[..., Servers]]:
    """Return a function that starts a web server of the test's own without a worker, with its environment on top."""
    with ExitStack() as stack:

        def start(**environment: str) -> Servers:
            own = make_servers(run, worker, name=f"web{free_port()}", **environment)
            stack.callback(own.web.stop)
            own.web.start()
            own.web.await_ready()
            return own

        yield start


@pytest.fixture
def no_other_worker(_live: Servers) -> None:
    """Stop the worker of the shared servers: what is asked for is done by the test's own."""
    _live.worker.stop()


@pytest.fixture
def alpha_shop(live: Servers) -> Any:
    """`alpha` with a little knowledge, behind a running server."""
    from tests.knowledge.filling import add_document, add_pair

    tenant = tenant_called("alpha")
    with db.tenant_scope(tenant):
        add_pair("退货流程是什么？", RETURNS, similar=["怎么退货"])
        add_pair("运费怎么算？", SHIPPING, similar=["运费多少"])
        add_document("cleaning.md", CLEANING, title="清洗收费标准")
    return tenant


@pytest.fixture
def keyed_shop(live: Servers, alpha_shop: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    """A client of the platform's host with a key of `alpha`."""
    with live.client(key=new_key(alpha_shop), timeout=60) as client:
        yield client


@pytest.fixture
def shop_page(live: Servers, alpha_shop: Any) -> Iterator[httpx.Client]:
    """A page on `alpha`'s own host, without any credential."""
    origin = {"Origin": f"http://{live.host('alpha')}"}
    with live.client("alpha", headers=origin, timeout=60) as client:
        yield client
