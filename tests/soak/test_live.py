"""The live conversation at length: many agents, many takeovers, many cut lines."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.faults.neighbours import own_redis
from tests.fixtures.servers import Servers
from tests.journeys import test_agent_sockets as live_journeys
from tests.journeys.conftest import _modelled, merchant, modelled, program
from tests.journeys.test_agent_sockets import shop

__all__ = ["_modelled", "merchant", "modelled", "program", "shop"]
pytestmark = pytest.mark.soak


def test_of_fifty_agents_one_gets_each_of_twenty(live: Servers, merchant: httpx.Client) -> None:
    live_journeys.accept_all(live, merchant, conversations=20)


@pytest.mark.timeout(1800)
def test_after_two_hundred_takeovers_the_bot_is_silent(
    shop: httpx.Client, modelled: Servers, model: Any, alpha: Any
) -> None:
    live_journeys.take_over_all(shop, modelled, model, alpha, times=200, at_a_time=5)


@pytest.mark.timeout(1800)
def test_a_thousand_messages_of_twenty_contacts(live: Servers, alpha: Any, merchant: httpx.Client) -> None:
    live_journeys.send_again_and_again(live, alpha, merchant, clients=20, each=50)


@pytest.mark.timeout(1800)
def test_five_hundred_events_and_fifty_kills(web: Callable[..., Servers], merchant: httpx.Client) -> None:
    with own_redis() as redis:
        live_journeys.follow_all(web, merchant, redis, sockets=10, events=500, kills=50)
