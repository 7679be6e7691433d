"""Paths to the sockets of this floor."""

from django.urls import path

from agents.consumers import agent

# Django types views of HTTP only; these are ASGI applications of sockets.
websocket_urlpatterns = [path("ws/agent/", agent)]  # type: ignore[arg-type]
