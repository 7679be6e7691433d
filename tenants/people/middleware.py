"""A session ends when nobody has used it for a while, not while somebody works."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from kimono.lib.threads import in_thread
from tenants.middleware.base import Middleware, is_probe
from tenants.people.services import sessions


class SessionMiddleware(Middleware):
    """Puts off the end of the session whose cookie was used, for API calls and pages."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        response = await self.get_response(request)
        name = settings.SESSION_COOKIE_NAME
        key = request.COOKIES.get(name)
        # Who signed in or out just now has a cookie of its own in the answer.
        if not key or name in response.cookies or response.status_code >= 500 or is_probe(request):
            return response
        if await in_thread(sessions.keep, key, now=timezone.now()):
            response.set_cookie(
                name,
                key,
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
