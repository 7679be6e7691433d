"""Paths to the sockets of this floor."""

from django.urls import path

from opsconsole.consumers import console

# Django types views of HTTP only; these are ASGI applications of sockets.
websocket_urlpatterns = [path("ws/ops/", console)]  # type: ignore[arg-type]
