"""The platform's site and a merchant's, told apart by colour and name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from csp.decorators import csp
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from kimono.lib import db

# unfold evaluates Alpine expressions and styles inline; every other page keeps the strict policy.
_POLICY = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}


@dataclass(frozen=True)
class Figure:
    """A number of the first page: what it counts, where to look closer, and whether somebody should (`urgent`)."""

    title: str
    value: str
    icon: str
    link: str = ""
    note: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a panel: a text, which may lead somewhere (`link`) or be a label (`colour`, as unfold names them)."""

    text: object
    link: str = ""
    colour: str | None = None


@dataclass(frozen=True)
class Panel:
    """A short list of the first page."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True)
class Dashboard:
    """What the first page of a site shows; `steps` is the list of a new merchant: (done, text, link)."""

    figures: Sequence[Figure]
    panels: Sequence[Panel]
    steps: Sequence[tuple[bool, str, str]] = field(default=())


class SignInForm(AuthenticationForm):
    """Name and password; a wrong pair is told in one plain sentence."""

    error_messages: ClassVar = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("The user name or the password is wrong, or this account has no access here."),
    }


class Site(UnfoldAdminSite):
    """What the two sites share: who may come in, whose clock is used, and the policy of their pages."""

    roles: frozenset[str] = frozenset()
    enable_nav_sidebar = True
    index_template = "kimono/admin/index.html"
    index_title = _("Overview")
    login_form = SignInForm
    # The upper floor that sees all of a site's figures sets these.
    dashboard: Callable[[HttpRequest], Dashboard] | None = None
    zone: Callable[[], ZoneInfo] | None = None
    # Pages that belong to no table, from upper floors: path, view, name.
    pages: ClassVar[list[tuple[str, Callable[[HttpRequest], HttpResponseBase], str]]] = []

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the paths, those of pages without a table first."""
        own = [path(where, self.admin_view(view), name=name) for where, view, name in type(self).pages]
        found: list[URLPattern | URLResolver] = super().get_urls()
        return [*own, *found]

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the signed-in user may enter this site."""
        user: Any = request.user
        return bool(user.is_active and getattr(user, "role", "") in self.roles)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the first page with the site's figures."""
        shown = type(self).dashboard
        return super().index(
            request, {**(extra_context or {}), "dashboard": shown(request) if shown else None}
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return the view with its access check, the site's clock and the admin's own content security policy."""
        checked = super().admin_view(view, cacheable)

        def clocked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            zone = type(self).zone
            with timezone.override(zone() if zone and self.has_permission(request) else None):
                response = checked(request, *args, **kwargs)
                # Rendered here: outside of this block the clock is another one.
                return response.render() if hasattr(response, "render") else response

        return csp(_POLICY)(clocked)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Show the login page, under the same policy."""
        show: Any = super().login
        answer: HttpResponseBase = csp(_POLICY)(lambda req: show(req, extra_context))(request)
        return answer


class PlatformSite(Site):
    """The admin of platform operators, on the platform's host."""

    settings_name = "UNFOLD_PLATFORM"
    roles = frozenset({"ops_admin", "ops_viewer"})

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return the view, seeing the rows of all merchants in the public tables once the operator is known."""
        checked = super().admin_view(view, cacheable)

        def wide(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if self.has_permission(request):
                # Not a block: the page is rendered after the view has returned.
                db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC, platform=True))
            return checked(request, *args, **kwargs)

        return wide


class TenantSite(Site):
    """A merchant's own admin, on the merchant's host."""

    settings_name = "UNFOLD_TENANT"
    roles = frozenset({"merchant_admin"})


platform_site = PlatformSite(name="platform")
tenant_site = TenantSite(name="merchant")
