"""The two admin sites: the platform's and a merchant's, told apart by colour and name.

Each floor registers its own tables; the platform's tables are registered by `opsconsole`.
"""

from typing import Any

from csp.decorators import csp
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin
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


class Site(UnfoldAdminSite):
    """What the two sites share: who may come in, and the policy of their pages."""

    roles: frozenset[str] = frozenset()
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the signed-in user may enter this site."""
        user: Any = request.user
        return bool(user.is_active and getattr(user, "role", "") in self.roles)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return the view with its access check and the admin's own content security policy."""
        return csp(_POLICY)(super().admin_view(view, cacheable))

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


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


def actor_of_admin(request: HttpRequest) -> Any:
    """Return the signed-in user of an admin page as the actor of a service."""
    from tenants.auth import peer_ip
    from tenants.services.auditing import Actor

    user: Any = request.user
    return Actor(
        kind="user",
        id=user.public_id,
        name=user.username,
        ip=peer_ip(request),
        request_id=getattr(request, "request_id", ""),
    )


__all__ = ["ModelAdmin", "ReadOnlyAdmin", "actor_of_admin", "platform_site", "tenant_site"]


__all__ = ["ModelAdmin", "ReadOnlyAdmin", "actor_of_admin", "platform_site", "tenant_site"]
