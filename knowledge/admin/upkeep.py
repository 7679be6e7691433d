"""The page on which a merchant checks its knowledge and reads its folder on the server in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kimono.lib.errors import Refusal
from knowledge.services import checking
from knowledge.services.folders import updating
from knowledge.services.folders.updating import Mode
from tenants.admin import actor_of_admin, said

_MOST_SHOWN = 100
# Where scripts of merchants keep what they upload.
_USUAL_FOLDER = "docs/knowledge"


def upkeep(request: HttpRequest, *, site: Any, may_change: bool) -> HttpResponse:
    """Show what the last update did; a form sent checks the knowledge, or has the folder read in."""
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Checks and folder"),
        "last": updating.last(),
        "may_change": may_change,
        "usual_folder": _USUAL_FOLDER,
    }
    if request.method == "POST" and request.POST.get("do") == "check":
        report = checking.check()
        context["report"] = report
        context["found"] = [
            (heading, issues[:_MOST_SHOWN])
            for heading, issues in (
                (_("Repeats"), report.duplicates),
                (_("Contradictions, spellings, short answers"), report.terms),
                (_("Personal data and keys"), report.sensitive),
            )
            if issues
        ]
    elif request.method == "POST":
        if not may_change:
            raise PermissionDenied
        _read_in(request)
        return HttpResponseRedirect(request.path)
    return TemplateResponse(request, "knowledge/admin/upkeep.html", context)


def _read_in(request: HttpRequest) -> None:
    where = request.POST.get("dir_path", "")
    mode: Mode = "full" if request.POST.get("full") else "incremental"
    try:
        updating.enqueue(mode=mode, dir_path=where, extensions=None, by=actor_of_admin(request))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, gettext("The folder is being read. What is new can be found soon."))
