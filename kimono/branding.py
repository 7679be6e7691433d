"""How the two admin sites call themselves."""

from django.http import HttpRequest
from django.utils.translation import gettext as _


def tenant_title(request: HttpRequest) -> str:
    """Return the merchant's name."""
    tenant = getattr(request, "tenant", None)
    return tenant.name if tenant is not None else "Kimono"


def tenant_label(request: HttpRequest) -> list[str]:
    """Return the label in the corner of a merchant's admin."""
    return [_("Merchant"), "info"]


def platform_title(request: HttpRequest) -> str:
    """Return the platform's name."""
    return _("Kimono platform")


def platform_label(request: HttpRequest) -> list[str]:
    """Return the label in the corner of the platform's admin."""
    return [_("Platform"), "danger"]
