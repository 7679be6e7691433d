"""Pages that stand in for an error."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse

from kimono.lib.errors import Denied, Invalid, Missing, Refusal
from tenants.answers import error_response

log = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 404."""
    return error_response(request, Missing())


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 403."""
    return error_response(request, Denied())


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 422: the contract has no 400."""
    return error_response(request, Invalid("Malformed request.", type="malformed"))


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 without a trace."""
    return error_response(request, Refusal())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a page's form that came without its token."""
    return error_response(request, Denied("CSRF token missing or incorrect.", code="csrf_failed"))
