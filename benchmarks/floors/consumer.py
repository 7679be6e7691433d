"""A bare consumer: what is said is inserted as one row, committed, and sent to its group through Redis.

`BENCH_DATABASE` and `BENCH_REDIS` say where. A socket names its groups in the address; nothing is checked or remembered.
"""

import os
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from psycopg_pool import AsyncConnectionPool

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                "hosts": [{"address": os.environ["BENCH_REDIS"], "socket_timeout": 15}],
                "capacity": 1000,
                "expiry": 30,
            },
        }
    }
)

_pool = AsyncConnectionPool(os.environ["BENCH_DATABASE"], min_size=2, max_size=10, open=False)


class Consumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One socket, in the groups that its address names."""

    async def connect(self) -> None:
        """Join the groups and say so."""
        self.names = self.scope["query_string"].decode().split(",")
        for name in self.names:
            await self.channel_layer.group_add(name, self.channel_name)
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content: dict[str, Any], **_: Any) -> None:
        """Store what is said and send it on; answer a ping."""
        if content["type"] != "send":
            await self.send_json({"type": "pong"})
            return
        async with _pool.connection() as connection:
            stored = await connection.execute(
                "INSERT INTO bench_said (session_id, content) VALUES (%s, %s) RETURNING id",
                [content["session_id"], content["content"]],
            )
            row = await stored.fetchone()
        assert row is not None
        message = {"content": content["content"], "seq": row[0]}
        await self.channel_layer.group_send(content["session_id"], {"type": "said", "message": message})
        await self.send_json({"type": "ack", "id": content["id"]})

    async def said(self, event: dict[str, Any]) -> None:
        """Pass on what was said."""
        await self.send_json({"type": "message", "message": event["message"]})

    async def disconnect(self, _: int) -> None:
        """Leave the groups."""
        for name in self.names:
            await self.channel_layer.group_discard(name, self.channel_name)


_consumer = Consumer.as_asgi()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await receive()
        await _pool.open(wait=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _pool.close()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await _consumer(scope, receive, send)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
