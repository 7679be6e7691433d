"""Paths of this floor on the platform's host."""

from django.urls import include, path
from django.views.generic import RedirectView

from tenants.admin import platform_site

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", platform_site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/kimono/favicon.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
]
