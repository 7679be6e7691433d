"""The web server's entry point: static files, HTTP, and (for whoever speaks it) WebSocket."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kimono.settings")

import django

django.setup()

from asgiref.wsgi import WsgiToAsgi
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from whitenoise import WhiteNoise


def _no_such_file(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"not found"]


settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_static = WsgiToAsgi(
    WhiteNoise(
        _no_such_file,
        root=str(settings.STATIC_ROOT),
        prefix=settings.STATIC_URL,
        autorefresh=settings.TESTING,
    )
)
_django = ASGIHandler()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await _static(scope, receive, send)
    elif scope["type"] == "http":
        await _django(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 4404})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
