"""Paths of this floor on a merchant's host."""

from django.urls import include, path

from tenants.admin import tenant_site

urlpatterns = [
    path("admin/", tenant_site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
