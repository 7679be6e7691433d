"""What a dialog of an admin page asks for, done and told."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from kimono.lib.errors import Refusal
from tenants.admin.refusals import said


def asked_first(*, title: Any, words: Any, form: type, button: Any) -> dict[str, Any]:
    """Return the dialog that comes before an action; `button` is what it is confirmed with."""
    return {"title": title, "description": words, "form_class": form, "form_submit_text": button}


def went(url: str) -> HttpResponse:
    """Return the answer that leads to `url`: a dialog is sent by htmx, which follows no redirect of a page."""
    return HttpResponse(headers={"HX-Redirect": url})


def after_dialog(request: HttpRequest, act: Callable[[], str], *, refused: str) -> HttpResponse:
    """Do what a dialog asked for and go where `act` says; say why when it is refused, and go to `refused`."""
    try:
        return went(act())
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return went(refused)
