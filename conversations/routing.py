"""Paths to the sockets of this floor."""

from django.urls import path

from conversations.consumers.chat import chat

# Django types views of HTTP only; these are ASGI applications of sockets.
websocket_urlpatterns = [path("ws/chat/", chat)]  # type: ignore[arg-type]
