"""The page where a contact talks to the merchant, and the script that shows it on the merchant's own sites."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from conversations.services import handshakes, widget, zones
from conversations.services.dialogue.phrases import Language
from conversations.services.sections import ChatSettings, CsatSettings, WidgetSettings
from tenants.models import Tenant
from tenants.services import tenant_settings

SCRIPT = settings.BASE_DIR / "static" / "widget" / "widget.js"
# A merchant's pages ask for it each time they are shown; a new one is out this much later.
_SCRIPT_SECONDS = 300
_LANGUAGES = {"zh": "zh-hans", "en": "en"}


def chat(request: HttpRequest) -> HttpResponse:
    """Show `/chat/`; `?embed=1` is the widget's frame, which the merchant's own sites may show, `?lang=` its language."""
    with translation.override(_LANGUAGES.get(request.GET.get("lang", "")) or translation.get_language()):
        response = render(request, "conversations/chat.html", _shown(request))
    # Read by the middleware that writes the policy; the header for older browsers would forbid what it allows.
    sites = tenant_settings.get(WidgetSettings).allowed_origins
    response._csp_replace = {"frame-ancestors": ["'self'", *sites]}  # type: ignore[attr-defined]
    response.xframe_options_exempt = True
    return response


def _shown(request: HttpRequest) -> dict[str, Any]:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    dressed, now = tenant_settings.get(WidgetSettings), timezone.now()
    language: Language = "en" if (translation.get_language() or "").startswith("en") else "zh"
    suspended = tenant.status == Tenant.Status.SUSPENDED
    opening = widget.next_opening(now=now, language=language)
    return {
        "tenant_name": tenant.name,
        "title": dressed.title,
        "color": dressed.color,
        "sites": dressed.allowed_origins,
        "greeting": tenant_settings.get(ChatSettings).greeting,
        "suggestions": [] if suspended else handshakes.suggestions(),
        "csat": tenant_settings.get(CsatSettings).enabled,
        "closed": not widget.is_staffed(now=now),
        "opening": opening,
        "language": _LANGUAGES[language],
        "time_zone": str(zones.merchants_zone()),
        "suspended": suspended,
        "embed": request.GET.get("embed") == "1",
        "csp_nonce": str(getattr(request, "csp_nonce", "")),
    }


def _etag(request: HttpRequest) -> str:
    return f'"{hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:32]}"'


@require_safe
@gzip_page
@condition(etag_func=_etag)
def widget_script(request: HttpRequest) -> HttpResponse:
    """Serve `/widget.js`: the one script that a merchant's pages load."""
    response = HttpResponse(SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={_SCRIPT_SECONDS}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
