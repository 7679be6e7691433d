"""Pages pass middleware of their own; an API call does not pay for it."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from tenants.middleware.base import Middleware, Next, is_api, is_probe


class PageMiddleware(Middleware):
    """Runs the middleware that only pages need (`PAGE_MIDDLEWARE`); an API call does not pay for it."""

    def __init__(self, get_response: Next) -> None:
        super().__init__(get_response)
        chain: Any = get_response
        self._views: list[Any] = []
        for name in reversed(settings.PAGE_MIDDLEWARE):
            chain = import_string(name)(chain)
            if hasattr(chain, "process_view"):
                self._views.insert(0, chain.process_view)
        self._pages = chain

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        if is_api(request) or is_probe(request):
            return await self.get_response(request)
        response: HttpResponseBase = await self._pages(request)
        return response

    async def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Ask the pages' own middleware (CSRF) before a page's view runs."""
        if is_api(request) or is_probe(request):
            return None
        for check in self._views:
            answer: HttpResponse | None = await sync_to_async(check, thread_sensitive=True)(
                request, view, args, kwargs
            )
            if answer is not None:
                return answer
        return None
