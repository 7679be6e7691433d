"""The page on which a merchant puts the chat on its own sites: the tag, the settings, a preview, the secret."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.forms import WidgetForm
from conversations.services import widget_secret
from conversations.services.sections import WidgetSettings
from kimono.lib.errors import Refusal
from tenants.admin import actor_of_admin, said, tenant_site
from tenants.services import tenant_settings

# What of the form can be tried before it is saved: attributes of the tag.
_TRIED = ("title", "color", "position")


def page(request: HttpRequest) -> HttpResponse:
    """Show tag, settings and preview; a form sent saves the settings, or makes a new secret and shows it this once."""
    form, secret = WidgetForm(initial=WidgetForm.present()), ""
    if request.method == "POST" and request.POST.get("do") == "rotate":
        secret = widget_secret.rotate(by=actor_of_admin(request))
    elif request.method == "POST":
        form = WidgetForm(request.POST)
        if form.is_valid() and _saved(form, request):
            messages.success(
                request, gettext("Saved. Pages that are open show it when they are loaded again.")
            )
            return HttpResponseRedirect(request.path)
    context: dict[str, Any] = {
        **tenant_site.each_context(request),
        "title": _("Chat on your site"),
        "form": form,
        "secret": secret,
        "secret_prefix": tenant_settings.get(WidgetSettings).secret_prefix,
        "address": f"{request.scheme}://{request.get_host()}",
    }
    return TemplateResponse(request, "conversations/admin/widget.html", context)


def _saved(form: WidgetForm, request: HttpRequest) -> bool:
    try:
        tenant_settings.update(patch=form.patch(), by=actor_of_admin(request))
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    return True


def preview(request: HttpRequest) -> HttpResponse:
    """Show a page of some shop with the widget on it, dressed as the address says."""
    dressed = {name: request.GET[name] for name in _TRIED if request.GET.get(name)}
    response = render(request, "conversations/admin/widget_preview.html", {"dressed": dressed})
    # Shown inside the page of the settings, which the policy of the admin forbids to everything.
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response
