"""What the doorkeepers share."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.answers import EXPECTED, error_response, refusal_of

_PROBES = ("/livez", "/readyz", "/api/v1/health", "/api/v1/system/live", "/api/v1/system/ready")
Next: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def is_api(request: HttpRequest) -> bool:
    """Tell whether a request is for the API."""
    return request.path_info.startswith("/api/")


def is_probe(request: HttpRequest) -> bool:
    """Tell whether a request is a probe, which is answered on every host, for anybody."""
    return request.path_info.rstrip("/") in _PROBES


class Middleware:
    """Base: asynchronous only; Django adapts it where the chain is synchronous.

    Django turns what a middleware raises into a 500 before the next one sees it, so each answers by itself.
    """

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request; a refusal becomes its answer."""
        try:
            return await self.handle(request)
        except EXPECTED as error:
            return error_response(request, refusal_of(error))

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request. Raises refusals."""
        raise NotImplementedError
