"""How sockets end: at once, whatever Redis does; and before a server that stops closes them itself."""

import asyncio
import logging
from typing import Any

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from conversations.consumers.closings import Closing, restart
from conversations.consumers.sockets import Socket
from conversations.services import open_sockets
from conversations.services.turns import drafts
from kimono.lib import db, stopping
from tenants.models import Tenant

TENANT = Tenant(schema_name="t_0123456789ab")


class Plain(Socket):
    """A socket of nobody, that does nothing."""

    async def admit(self, principal: Any) -> None: ...

    def places(self) -> list[tuple[str, str]]:
        return []

    async def begin(self) -> None: ...

    def progress(self) -> dict[str, Any]:
        return {}

    def spoken_to(self) -> None: ...


async def nothing(*_: Any) -> Any: ...


def test_who_listens_for_rings_is_patient_with_redis() -> None:
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    (host,) = layer["CONFIG"]["hosts"]
    # Else the wait for a ring ends in an error before it ends by itself, and this process is deaf for a while.
    assert host["socket_timeout"] > getattr(import_string(layer["BACKEND"]), "brpop_timeout", 0)


def test_a_socket_that_has_ended_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def hangs(work: Any) -> None:
        if asked:
            await asyncio.sleep(3600)
        asked.append("entering")

    monkeypatch.setattr(drafts, "attempt", hangs)

    async def story() -> None:
        with db.tenant_scope(TENANT):
            async with open_sockets.counted([("ws_session", "s")], factor=1, close=lambda: None):
                pass

    async def whole() -> None:
        async with asyncio.timeout(5):
            await story()

    asyncio.run(whole())
    assert asked


def test_a_client_that_goes_while_it_is_told_something_is_no_crash(caplog: pytest.LogCaptureFixture) -> None:
    async def gone(message: Any) -> None:
        raise BrokenPipeError

    async def story() -> Closing:
        socket = Plain({"type": "websocket", "headers": []}, nothing, gone)
        task = socket.spawn(socket.frame("ping"))
        await asyncio.wait([task])
        await socket._close(restart())
        return socket._ended.result()

    caplog.set_level(logging.WARNING)
    assert asyncio.run(story()).code is None
    assert not caplog.records


def test_what_goes_on_after_a_socket_has_ended_is_told_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("conversations.consumers.sockets._PATIENCE_SECONDS", 0.01)
    told: list[str] = []

    async def deaf(times: int) -> None:
        while len(told) < times:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                told.append("deaf")
        raise asyncio.CancelledError

    async def ends(times: int) -> bool:
        socket = Plain({"type": "websocket", "headers": []}, nothing, nothing)
        task = socket.spawn(deaf(times))
        await asyncio.sleep(0)
        await socket._let_go()
        gone = task.done()
        told.extend(["enough"] * times)
        task.cancel()
        await asyncio.wait([task])
        return gone

    caplog.set_level(logging.ERROR)
    assert asyncio.run(ends(2))
    assert not caplog.records
    told.clear()
    assert not asyncio.run(ends(9))
    assert "goes on" in caplog.text


@pytest.mark.parametrize(("says_for", "waits"), [(0.05, True), (9.0, False)])
def test_the_server_hears_of_its_end_after_the_last_words(
    monkeypatch: pytest.MonkeyPatch, says_for: float, waits: bool
) -> None:
    async def story() -> tuple[float, bool]:
        loop = asyncio.get_running_loop()
        began, heard = loop.time(), asyncio.Event()

        def said() -> bool:
            return loop.time() - began >= says_for

        monkeypatch.setattr(stopping, "_awaited", [said])
        stopping.hand_on(loop, began + 0.2, heard.set)
        assert not heard.is_set()
        await heard.wait()
        return loop.time() - began, said()

    lasted, was_said = asyncio.run(story())
    assert was_said is waits
    assert lasted >= min(says_for, 0.2)
