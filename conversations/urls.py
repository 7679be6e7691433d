"""Paths of this floor's pages."""

from django.urls import URLPattern, URLResolver, path

from conversations import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("chat/", views.chat, name="chat"),
    path("widget.js", views.widget_script, name="widget"),
]
