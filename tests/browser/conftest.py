"""The chat page before a scripted server."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.chat_stage import Stage


@pytest.fixture
def stage(page: Page) -> Stage:
    """The page at its usual size."""
    return Stage(page)


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def any_size(request: pytest.FixtureRequest, new_page: Callable[..., Page]) -> Stage:
    """The page on a desk and on a phone."""
    width, height = request.param
    return Stage(new_page(viewport={"width": width, "height": height}))
