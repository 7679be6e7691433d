"""Rings between processes: a Redis that goes away and comes back carries them again."""

import asyncio
import contextlib
from typing import Any

import pytest
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from conversations.consumers.relay import ChannelRelay
from conversations.services import doorbell
from kimono.settings import CHANNEL_LAYERS
from tests.faults.neighbours import own_redis

GROUP = "t.0123456789abcdef.conversation.sess-1"
PATIENCE_SECONDS = 30.0


async def heard_from_afar(bell: doorbell.Listener) -> None:
    """Ring as another process does until it is heard; fails when that takes too long."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await get_channel_layer().group_send(
                    GROUP, {"type": "ring", "group": GROUP, "from": "another process", "word": None}
                )
            if await bell.wait(0.1):
                return


def test_rings_are_heard_again_when_redis_has_come_back(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.consumers.relay._PAUSE_SECONDS", 0.2)
    monkeypatch.setattr("conversations.consumers.relay._JOIN_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(doorbell, "_relay", ChannelRelay())

    async def story() -> None:
        async with doorbell.listening(GROUP) as bell:
            await heard_from_afar(bell)
            await asyncio.to_thread(redis.forget)
            await heard_from_afar(bell)
            await asyncio.to_thread(redis.stop)
            assert not await bell.wait(0.5)
            await asyncio.to_thread(redis.start)
            await heard_from_afar(bell)

    with own_redis() as redis:
        layer: dict[str, Any] = CHANNEL_LAYERS["default"]
        (host,) = layer["CONFIG"]["hosts"]
        here = {**layer["CONFIG"], "hosts": [{**host, "address": redis.environment["REDIS_URL"]}]}
        settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": here}}
        asyncio.run(story())
