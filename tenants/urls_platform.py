"""Paths of this floor on the platform's host."""

from django.urls import include, path

from tenants.admin import platform_site

urlpatterns = [
    path("admin/", platform_site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
