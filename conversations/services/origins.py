"""From which sites a visitor may begin: the merchant's own host, and those it has listed."""

from urllib.parse import urlsplit

from conversations.services.sections import WidgetSettings
from kimono.lib.errors import Denied
from tenants.services import tenant_settings


class OriginRefused(Denied):
    """The page that asks does not belong to the merchant."""

    code = "origin_not_allowed"
    detail = "This origin is not allowed."


def check_allowed(*, origin: str | None, host: str, scheme: str, fetch_site: str | None) -> None:
    """Raise `OriginRefused` unless the request comes from the tenant's own host or a listed site.

    `host` is the request's own, with its port. Browsers send no `Origin` with a same-origin GET: then
    `Sec-Fetch-Site: same-origin` stands for it.
    """
    if not origin:
        if fetch_site != "same-origin":
            raise OriginRefused
        return
    parts = urlsplit(origin.lower())
    if parts.scheme in ("http", "https") and parts.scheme == scheme and parts.netloc == host.lower():
        return
    if not is_listed(origin):
        raise OriginRefused


def is_listed(origin: str) -> bool:
    """Tell whether a site is one of those that the current tenant has listed."""
    return origin.lower() in tenant_settings.get(WidgetSettings).allowed_origins
