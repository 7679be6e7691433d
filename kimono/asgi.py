"""The web server's entry point: static files, HTTP, and (for whoever speaks it) WebSocket."""

import asyncio
import gc
import logging
import os
from functools import cache
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kimono.settings")
# What is loaded here stays: looking through it for garbage takes a quarter of the time in which a process starts.
gc.disable()

import django

django.setup()

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from servestatic import ServeStaticASGI

from conversations.consumers import sockets
from conversations.services import doorbell
from kimono import listening, providers
from kimono.bodies import capped
from kimono.lib import printing, stopping
from kimono.lib.threads import in_thread
from knowledge.services.folding import fold
from knowledge.services.terms import terms

log = logging.getLogger(__name__)
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_static = ServeStaticASGI(
    None,
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    max_age=300,
    allow_all_origins=False,
    autorefresh=settings.TESTING,
)
_django = capped(ASGIHandler(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one connection."""
    if scope["type"] != "lifespan" and settings.NEEDS_LOOPBACK:
        _check_once()
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await _static(scope, receive, send)
    elif scope["type"] == "http":
        await _django(scope, receive, send)
    else:
        await _socket(scope, receive, send)


async def _socket(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"].removeprefix("/")
    for pattern in _sockets():
        if pattern.resolve(path) is not None:
            await pattern.callback(scope, receive, send)
            return
    await send({"type": "websocket.close", "code": 4404})


@cache
def _sockets() -> list[Any]:
    from agents.routing import websocket_urlpatterns as of_agents
    from conversations.routing import websocket_urlpatterns as of_contacts
    from opsconsole.routing import websocket_urlpatterns as of_operators

    return [*of_contacts, *of_agents, *of_operators]


@cache
def _check_once() -> None:
    listening.check()


async def _lifespan(receive: Any, send: Any) -> None:
    warming: asyncio.Task[None] | None = None
    watching: asyncio.Task[None] | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if settings.NEEDS_LOOPBACK:
                watching = asyncio.create_task(listening.watch())
            # The server waits for open streams, so those without an end must hear that it waits.
            stopping.listen()
            stopping.call(sockets.end_all, until=sockets.are_closed)
            stopping.call(doorbell.wake_all)
            # Dictionaries take a second to load: before the first question, not during it.
            warming = asyncio.create_task(in_thread(_warm_up))
        else:
            for task in (warming, watching):
                if task is not None:
                    task.cancel()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _warm_up() -> None:
    # Words are looked up in runs of three characters or more.
    terms(fold("預先熱身"))
    providers.warm_up()
    for lack in printing.missing():
        log.warning("%s", lack)


gc.freeze()
gc.enable()
