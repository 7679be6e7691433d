"""What the demo says before it starts anything, and what it says when all is up."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kimono.supervisor.demo import announcement
from tests.supervisor.conftest import Supervisor, processes_of

Supervise = Callable[..., Supervisor]


def test_a_port_in_use_is_refused_before_anything_starts(supervise: Supervise, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        supervisor = supervise("demo", PORT=str(port))
        assert supervisor.wait() == 1
    assert supervisor.lines == [
        f"kimono: Port {port} cannot be used (Address already in use); choose another with PORT=…."
    ]
    assert not (home / "postgres").exists()
    assert processes_of(home) == []


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(supervise: Supervise, port: str) -> None:
    supervisor = supervise("demo", PORT=port)
    assert supervisor.wait() == 1
    assert supervisor.lines == [f"kimono: PORT={port} is not a port; choose a number from 1 to 65535."]


def test_the_announcement_says_where_to_go_and_who_to_be() -> None:
    told = {
        "base_url": "http://127.0.0.1:8123",
        "platform": {"username": "root", "password": "p-1"},
        "tenants": [
            {
                "slug": "shop",
                "host": "shop.localhost",
                "api_key": "kmn_k",
                "admin": {"username": "ann", "password": "p-2"},
                "agents": [{"username": "bob", "password": "p-3"}],
            }
        ],
    }
    text = "\n".join(announcement(told))
    for wanted in (
        "http://127.0.0.1:8123/admin/   root / p-1",
        "http://shop.localhost:8123/chat/",
        "http://shop.localhost:8123/admin/   ann / p-2",
        "http://shop.localhost:8123/workbench/   bob / p-3",
        "kmn_k",
    ):
        assert wanted in text
