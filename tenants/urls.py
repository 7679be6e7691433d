"""Paths of this floor on a merchant's host."""

from django.urls import include, path
from django.views.generic import RedirectView

from tenants.admin import tenant_site

urlpatterns = [
    path("", RedirectView.as_view(url="/chat/")),
    path("admin/", tenant_site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/kimono/favicon.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
]
