"""How people are recognised: an access token, the session cookie, or name and password on a page."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.backends import BaseBackend
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from kimono.lib import db
from kimono.lib.errors import Refusal
from tenants import auth
from tenants.auth import SCOPES, Principal
from tenants.models import Tenant
from tenants.people.models import User
from tenants.people.services import tokens
from tenants.services.auditing import Actor

_SCOPES_OF = {
    "merchant_admin": frozenset(SCOPES),
    "agent": frozenset({"chat", "agent"}),
    "viewer": frozenset(SCOPES),
}


def principal_of_user(
    user: User, tenant: Tenant | None, *, ip: str | None, cookie: bool = False
) -> Principal:
    """Return a user as the caller of a request."""
    return Principal(
        kind="user" if tenant is not None else "platform",
        id=user.public_id,
        tenant=tenant,
        name=user.username,
        role=user.role,
        scopes=_SCOPES_OF.get(user.role, frozenset()),
        read_only=user.role in ("viewer", "ops_viewer"),
        user=user,
        cookie=cookie,
        ip=ip,
    )


def _by_token(request: HttpRequest) -> Principal | None:
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if token.startswith("vt_"):
        return None
    user, tenant = tokens.read_access(token)
    return principal_of_user(user, tenant, ip=auth.peer_ip(request))


def user_of_session(session_key: str) -> User | None:
    """Return whose session this is in the schema in force, or None."""
    session = SessionStore(session_key)
    user = User.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True).first()
    if user is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    good = constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return user if good else None


def _by_cookie(request: HttpRequest) -> Principal | None:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not key:
        return None
    # Sessions live in the schema of the host: a cookie of another merchant is unknown here.
    tenant: Tenant | None = getattr(request, "tenant", None)
    with db.tenant_scope(tenant) if tenant is not None else db.public_scope():
        user = user_of_session(key)
    if user is None:
        return None
    return principal_of_user(user, tenant, ip=auth.peer_ip(request), cookie=True)


auth.register(_by_token, carrier="bearer")
auth.register(_by_cookie, carrier="cookie")


class Backend(BaseBackend):
    """Django's way in, for the pages: the user of the schema in force, under the same lock-out as the API."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Return the user whose password this is, or None."""
        if not username or not password:
            return None
        ip = auth.peer_ip(request) if request is not None else None
        try:
            return tokens.check_password(
                username=username, password=password, by=Actor(kind="anonymous", id="", ip=ip)
            )
        except Refusal:
            return None

    def get_user(self, user_id: Any) -> User | None:
        """Return an active user by primary key, or None."""
        return User.objects.filter(pk=user_id, is_active=True).first()
