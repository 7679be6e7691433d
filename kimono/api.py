"""The API of a host: the routers of all floors under one roof, and the one translation of errors."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

import kimono
from kimono.bodies import ContractParser
from kimono.contract import ContractAPI, ReadableJSON
from kimono.lib import db
from kimono.lib.errors import Invalid, Refusal, Unauthenticated
from opsconsole.api import PLATFORM_WIDE
from tenants.answers import EXPECTED, error_response, refusal_of
from tenants.auth import principal_of
from tenants.services import across

log = logging.getLogger(__name__)

_LOCATIONS = {
    "body": "body",
    "query": "query",
    "path": "path",
    "header": "header",
    "form": "form",
    "file": "form",
}


def _invalid(error: Any) -> Refusal:
    return _AllInvalid(
        [{"loc": _location(item["loc"]), "msg": item["msg"], "type": item["type"]} for item in error.errors]
    )


def _location(loc: Any) -> list[str | int]:
    # ninja names its own parameter between the place and the field; clients know only the field.
    parts = list(loc)
    place = _LOCATIONS.get(str(parts[0]), "body") if parts else "body"
    rest = parts[1:]
    if place in ("body", "form") and len(rest) > 1 and str(rest[0]) in ("data", "payload", "body", "form"):
        rest = rest[1:]
    if place == "body" and rest == ["data"]:
        rest = []
    return [place, *rest]


class _AllInvalid(Refusal):
    status = 422
    code = "validation_error"


def _of_framework(request: HttpRequest, error: HttpError) -> Refusal:
    if isinstance(error.__cause__, Refusal):
        return error.__cause__
    if error.status_code == 400:
        return Invalid("Invalid JSON", loc=["body"], type="json_invalid", code="invalid_json")
    if error.status_code == 401:
        return Unauthenticated()
    return _crash(request, error)


def _translate_errors(api: NinjaAPI) -> None:
    def on(kinds: tuple[type[Exception], ...], refusal: Callable[[HttpRequest, Any], Refusal]) -> None:
        for kind in kinds:
            api.add_exception_handler(
                kind, lambda request, error: error_response(request, refusal(request, error))
            )

    on((ValidationError,), lambda _, error: _invalid(error))
    on((HttpError,), _of_framework)
    on(EXPECTED, lambda _, error: refusal_of(error))
    on((Exception,), _crash)


def _crash(request: HttpRequest, error: Exception) -> Refusal:
    log.exception("a request crashed", exc_info=error)
    return Refusal()


def _answering_operators(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that sends an operator of the platform to `opsconsole`, or to the merchant it names (◇)."""
    platform_wide = PLATFORM_WIDE.get(view._ninja_operation.operation_id)  # type: ignore[attr-defined]
    if platform_wide is None:
        return view

    @functools.wraps(view)
    def answer(request: HttpRequest, **given: Any) -> Any:
        if principal_of(request).kind != "platform":
            return view(request, **given)
        if "tenant_id" not in request.GET:
            return platform_wide(request, **given)
        with db.tenant_scope(across.tenant_named(request.GET["tenant_id"])):
            return view(request, **given)

    return answer


def build(*, namespace: str) -> NinjaAPI:
    """Return the API of one kind of host (`platform` or `tenant`) with every router that host serves."""
    api = ContractAPI(
        title="Kimono",
        version=kimono.__version__,
        urls_namespace=f"api-{namespace}",
        openapi_url="/v1/openapi.json",
        docs_url="/v1/docs",
        parser=ContractParser(),
        renderer=ReadableJSON(),
    )
    _translate_errors(api)
    if namespace == "platform":
        api.for_one_tenant = frozenset(PLATFORM_WIDE)
        api.add_decorator(_answering_operators, mode="operation")
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
        ("/v1", "agents.api.router"),
    ]
