"""What a merchant's host serves."""

from django.urls import include, path

from kimono import api
from kimono.probes import livez, readyz

urlpatterns = [
    path("livez", livez),
    path("readyz", readyz),
    path("api/", api.build(namespace="tenant").urls),
    path("", include("tenants.urls")),
    path("", include("conversations.urls")),
    path("", include("agents.urls")),
]
handler404 = "tenants.views.not_found"
handler500 = "tenants.views.crashed"
handler403 = "tenants.views.forbidden"
handler400 = "tenants.views.bad_request"
