"""The page where a contact talks to the merchant."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from conversations.services import handshakes
from conversations.services.sections import ChatSettings, WidgetSettings
from tenants.models import Tenant
from tenants.services import tenant_settings


def chat(request: HttpRequest) -> HttpResponse:
    """Show `/chat/`; `?embed=1` is the widget's frame, which the merchant's own sites may show."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    widget = tenant_settings.get(WidgetSettings)
    suspended = tenant.status == Tenant.Status.SUSPENDED
    response = render(
        request,
        "conversations/chat.html",
        {
            "tenant_name": tenant.name,
            "title": widget.title,
            "greeting": tenant_settings.get(ChatSettings).greeting,
            "suggestions": [] if suspended else handshakes.suggestions(),
            "language": "en" if (get_language() or "").startswith("en") else "zh-hans",
            "suspended": suspended,
            "embed": request.GET.get("embed") == "1",
            "csp_nonce": str(getattr(request, "csp_nonce", "")),
        },
    )
    # Read by the middleware that writes the policy; the header for older browsers would forbid what it allows.
    framed = {"frame-ancestors": ["'self'", *widget.allowed_origins]}
    response._csp_replace = framed  # type: ignore[attr-defined]
    response.xframe_options_exempt = True
    return response
