"""Who may come to the workbench, and how they sign in and out."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from agents.forms import SignInForm
from agents.models import Seat
from agents.services import seats
from conversations.services import zones
from kimono.lib.errors import Denied
from tenants.admin.actors import actor_of_admin
from tenants.models import Tenant

View: TypeAlias = Callable[..., HttpResponseBase]


def seat_of_page(request: HttpRequest, now: Any) -> Seat:
    """Return the seat of whoever looks at a page; looking is a sign of life."""
    user: Any = request.user
    return seats.acting(by=actor_of_admin(request), role=user.role, agent_id=None, now=now)


def staff_only(view: View) -> View:
    """Return a view that only those who answer may see, with the merchant's times.

    Strangers go to sign in first. Raises `Denied` for others.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        if not user.is_authenticated:
            return _to_sign_in(request)
        if user.role not in seats.ANSWERING:
            raise Denied
        tenant: Tenant = request.tenant  # type: ignore[attr-defined]
        if tenant.status == Tenant.Status.SUSPENDED:
            raise Denied("This merchant is suspended.", code="tenant_suspended")
        with timezone.override(zones.merchants_zone()):
            response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return checked


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    address = reverse("workbench-login")
    if request.headers.get("HX-Request"):
        # htmx follows no redirect of a page.
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(f"{address}?{urlencode({'next': request.get_full_path()})}")


class SignIn(auth_views.LoginView):
    """Name and password; whoever is signed in already goes on to the workbench."""

    template_name = "agents/login.html"
    authentication_form: type[AuthenticationForm] = SignInForm
    redirect_authenticated_user = False
    next_page = "workbench"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Return what the page shows."""
        request: Any = self.request
        return super().get_context_data(
            tenant_name=request.tenant.name, csp_nonce=str(getattr(request, "csp_nonce", "")), **more
        )


class SignOut(auth_views.LogoutView):
    """The end of a session, by POST alone."""

    next_page = "workbench-login"
