"""The API of a host: the routers of all floors under one roof, and the one translation of errors."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db.utils import InterfaceError, OperationalError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

import kimono
from kimono.lib.errors import Invalid, Missing, Refusal, TooLarge, Unauthenticated, Unavailable
from tenants.answers import error_response

log = logging.getLogger(__name__)

_LOCATIONS = {"body": "body", "query": "query", "path": "path", "header": "header", "form": "form", "file": "form"}


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    detail = [
        {"loc": _location(item["loc"]), "msg": item["msg"], "type": item["type"]} for item in error.errors
    ]
    return error_response(request, _AllInvalid(detail))


def _location(loc: Any) -> list[str | int]:
    # ninja names its own parameter between the place and the field; clients know only the field.
    parts = list(loc)
    place = _LOCATIONS.get(str(parts[0]), "body") if parts else "body"
    rest = parts[1:]
    if place in ("body", "form") and len(rest) > 1 and str(rest[0]) in ("data", "payload", "body", "form"):
        rest = rest[1:]
    return [place, *rest]


class _AllInvalid(Refusal):
    status = 422
    code = "validation_error"


def _bad_json(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return error_response(request, Invalid("Invalid JSON", loc=["body"], type="json_invalid", code="invalid_json"))
    if error.status_code == 401:
        return error_response(request, Unauthenticated())
    return error_response(request, _crash(request, error))


def _crash(request: HttpRequest, error: Exception) -> Refusal:
    log.exception("a request crashed", exc_info=error)
    return Refusal()


def build(*, namespace: str) -> NinjaAPI:
    """Return the API of one kind of host (`platform` or `tenant`) with every router that host serves."""
    api = NinjaAPI(
        title="Kimono",
        version=kimono.__version__,
        urls_namespace=f"api-{namespace}",
        openapi_url="/v1/openapi.json",
        docs_url="/v1/docs",
    )
    api.add_exception_handler(Refusal, lambda request, error: error_response(request, error))
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _bad_json)
    api.add_exception_handler(Http404, lambda request, _: error_response(request, Missing()))
    for kind in (RequestDataTooBig, TooManyFieldsSent):
        api.add_exception_handler(kind, lambda request, _: error_response(request, TooLarge(max_bytes=1024 * 1024)))
    for kind in (MultiPartParserError, SuspiciousOperation):
        api.add_exception_handler(
            kind, lambda request, error: error_response(request, Invalid(str(error), loc=["body"], type="malformed"))
        )
    for kind in (OperationalError, InterfaceError):
        api.add_exception_handler(kind, lambda request, _: error_response(request, Unavailable()))
    api.add_exception_handler(Exception, lambda request, error: error_response(request, _crash(request, error)))
    for prefix, router in routers(namespace):
        api.add_router(prefix, router)
    return api


def routers(namespace: str) -> list[tuple[str, str]]:
    """Return the routers of a host: path prefix → dotted name of the router."""
    return [
        ("/v1", "kimono.probes.router"),
        ("/v1", "tenants.api.router"),
        ("/v1", "tenants.people.api.router"),
        ("/v1", "knowledge.api.router"),
        ("/v1", "conversations.api.router"),
    ]
