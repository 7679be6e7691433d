"""Visitors and agents in browsers of their own, and the chat page before a scripted server."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.servers import Servers

if TYPE_CHECKING:
    import httpx

    from tests.browser.chat_stage import Stage
    from tests.browser.desks import Agent, Visitor
    from tests.browser.shops import Site, Visit

# A search of the knowledge takes seconds on a machine that has much else to do.
expect.set_options(timeout=15_000)


@pytest.fixture
def stage(page: Page) -> "Stage":
    """The chat page at its usual size."""
    from tests.browser.chat_stage import Stage

    return Stage(page)


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def any_size(request: pytest.FixtureRequest, new_page: Callable[..., Page]) -> "Stage":
    """The chat page on a desk and on a phone."""
    from tests.browser.chat_stage import Stage

    width, height = request.param
    return Stage(new_page(viewport={"width": width, "height": height}))


@pytest.fixture
def visitor(live: Servers, alpha: Any, new_page: Callable[..., Page]) -> "Callable[[], Visitor]":
    """Return a function that brings a visitor to the chat page."""
    from tests.browser.desks import Visitor

    return lambda: Visitor(new_page(viewport={"width": 900, "height": 800}), live.url_of(alpha)).open()


@pytest.fixture
def agent(live: Servers, alpha: Any, new_page: Callable[..., Page]) -> "Callable[..., Agent]":
    """Return a function that brings somebody to the workbench (options: `Browser.new_context`)."""
    from tests.browser.desks import Agent
    from tests.tenants.doors import make_user

    def arrive(username: str, role: str = "agent", **options: Any) -> Agent:
        make_user(alpha, role, username=username)
        page = new_page(**{"viewport": {"width": 1440, "height": 900}, **options})
        return Agent(page, live.url_of(alpha)).sign_in(username)

    return arrive


@pytest.fixture
def program(live: Servers, alpha: Any, new_key: Callable[..., str]) -> "Iterator[httpx.Client]":
    """The merchant's program, which brings contacts of its own."""
    with live.client(key=new_key(alpha)) as client:
        yield client


@pytest.fixture(scope="module")
def site() -> "Iterator[Site]":
    """A web server of somebody else's."""
    from tests.browser.shops import serving

    with serving() as here:
        yield here


@pytest.fixture
def visit(live: Servers, alpha: Any, site: "Site", new_page: Callable[..., Page]) -> "Callable[..., Visit]":
    """Return a function that opens a page for a visit; `alpha` lists the shop."""
    from tests.browser.shops import Visit, arrange

    shop = f"http://shop.localhost:{site.port}"
    arrange(alpha, widget={"allowed_origins": [shop], "title": "和服客服", "color": "#0b7a5c"})

    def begin(**options: Any) -> Visit:
        return Visit(
            new_page(**{"viewport": {"width": 1280, "height": 800}, **options}), live.url_of(alpha), site
        )

    return begin
