"""Doors of accounts: AU-01…12 and AL-09."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from ninja import Query, Router, Status

from kimono.lib import db
from tenants.auth import Guard, actor_of, peer_ip, principal_of, set_csrf_cookie
from tenants.models import Tenant
from tenants.paging import Paged, paged
from tenants.people import schemas
from tenants.people.models import User
from tenants.people.schemas import show_user
from tenants.people.services import sessions, tokens, users
from tenants.services import hosts
from tenants.services.auditing import Actor

router = Router(tags=["auth"])
PUBLIC_LOGIN = Guard(public=True, while_suspended=True, limits=("login",))
PUBLIC_SESSION = Guard(public=True, csrf=True, while_suspended=True, limits=("login",))


def _scope(tenant: Tenant | None) -> Any:
    return db.tenant_scope(tenant) if tenant is not None else db.public_scope()


def _caller(request: HttpRequest) -> Actor:
    return Actor(kind="anonymous", id="", ip=peer_ip(request), request_id=getattr(request, "request_id", ""))


def _host_tenant(request: HttpRequest) -> Tenant | None:
    tenant: Tenant | None = getattr(request, "tenant", None)
    return tenant


def _show(given: tokens.Tokens) -> dict[str, Any]:
    return {
        "access_token": given.access_token,
        "refresh_token": given.refresh_token,
        "user": show_user(given.user),
    }


@router.post("/auth/login", response=schemas.TokensOut, auth=PUBLIC_LOGIN, operation_id="AU-01")
def login(request: HttpRequest, data: schemas.LoginIn) -> dict[str, Any]:
    """Sign in with a password and get tokens."""
    who = {"username": data.username, "password": data.password}
    by = _caller(request)
    with _scope(_host_tenant(request) or tokens.tenant_named(data.tenant_id, **who, by=by)):
        return _show(tokens.sign_in(**who, by=by, now=timezone.now()))


@router.post("/auth/refresh", response=schemas.TokensOut, auth=PUBLIC_LOGIN, operation_id="AU-02")
def refresh(request: HttpRequest, data: schemas.RefreshIn) -> dict[str, Any]:
    """Exchange a refresh token for new tokens; a token that was used before revokes its family."""
    with _scope(_host_tenant(request) or tokens.refresh_tenant(data.refresh_token)):
        return _show(tokens.refresh(token=data.refresh_token, now=timezone.now()))


@router.post("/auth/logout", response={204: None}, auth=Guard(user=True), operation_id="AU-03")
def logout(request: HttpRequest, data: schemas.LogoutIn | None = None) -> Status[None]:
    """Revoke the family of the given refresh token."""
    tokens.sign_out(
        user=principal_of(request).user,
        refresh_token=data.refresh_token if data is not None else None,
        now=timezone.now(),
    )
    return Status(204, None)


@router.get("/auth/me", response=schemas.MeOut, auth=Guard(user=True), operation_id="AU-04")
def me(request: HttpRequest) -> dict[str, Any]:
    """Return the signed-in user, the scopes, and the merchant."""
    principal = principal_of(request)
    tenant = principal.tenant
    return {
        **show_user(principal.user),
        "scopes": sorted(principal.scopes),
        "tenant": None
        if tenant is None
        else {
            "id": tenant.public_id,
            "name": tenant.name,
            "slug": tenant.slug,
            "host": hosts.host_of(tenant),
        },
    }


@router.post("/auth/password", response={204: None}, auth=Guard(user=True), operation_id="AU-05")
def password(request: HttpRequest, response: HttpResponse, data: schemas.PasswordIn) -> Status[None]:
    """Change one's own password; every other session and token dies."""
    principal = principal_of(request)
    users.change_password(
        user=principal.user, old=data.old_password, new=data.new_password, by=actor_of(request)
    )
    if principal.cookie:
        _keep_signed_in(response, principal.user)
    return Status(204, None)


@router.get(
    "/auth/csrf",
    response=schemas.CsrfOut,
    auth=Guard(public=True, while_suspended=True),
    operation_id="AU-06",
)
def csrf(request: HttpRequest, response: HttpResponse) -> dict[str, str]:
    """Return the CSRF token and set its cookie."""
    token = get_token(request)
    set_csrf_cookie(request, response)
    return {"csrf_token": token}


@router.post("/auth/session", response=schemas.UserOut, auth=PUBLIC_SESSION, operation_id="AU-07")
def start_session(request: HttpRequest, response: HttpResponse, data: schemas.SessionIn) -> dict[str, Any]:
    """Sign in with a password and get the session cookie."""
    with _scope(_host_tenant(request)):
        user = tokens.check_password(username=data.username, password=data.password, by=_caller(request))
        _keep_signed_in(response, user)
        return show_user(user)


def _keep_signed_in(response: HttpResponse, user: User) -> None:
    response.set_cookie(
        settings.SESSION_COOKIE_NAME,
        sessions.start(user),
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@router.delete("/auth/session", response={204: None}, auth=Guard(user=True), operation_id="AU-08")
def end_session(request: HttpRequest, response: HttpResponse) -> Status[None]:
    """End the session of the cookie."""
    sessions.end(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    response.delete_cookie(settings.SESSION_COOKIE_NAME)
    return Status(204, None)


@router.get("/auth/users", response=Paged[schemas.UserOut], auth=Guard(admin=True), operation_id="AU-09")
def list_users(request: HttpRequest, query: Query[schemas.UsersQuery]) -> dict[str, Any]:
    """List the merchant's people."""
    return paged(users.listed(role=query.role, include_inactive=query.include_inactive), query, show_user)


def _create(request: HttpRequest, data: schemas.UserIn) -> Status[dict[str, Any]]:
    user = users.create(
        username=data.username,
        password=data.password,
        role=data.role,
        display_name=data.display_name,
        email=data.email,
        by=actor_of(request),
        now=timezone.now(),
    )
    return Status(201, show_user(user))


@router.post("/auth/users", response={201: schemas.UserOut}, auth=Guard(admin=True), operation_id="AU-10")
def create_user(request: HttpRequest, data: schemas.UserIn) -> Status[dict[str, Any]]:
    """Add a person."""
    return _create(request, data)


@router.post(
    "/auth/register/user", response={201: schemas.UserOut}, auth=Guard(admin=True), operation_id="AL-09"
)
def register_user(request: HttpRequest, data: schemas.UserIn) -> Status[dict[str, Any]]:
    """Add a person; another name of AU-10."""
    return _create(request, data)


@router.patch("/auth/users/{user_id}", response=schemas.UserOut, auth=Guard(admin=True), operation_id="AU-11")
def update_user(request: HttpRequest, user_id: str, data: schemas.UserPatch) -> dict[str, Any]:
    """Change a person."""
    return show_user(users.update(user_id=user_id, by=actor_of(request), **data.dict(exclude_unset=True)))


@router.delete("/auth/users/{user_id}", response={204: None}, auth=Guard(admin=True), operation_id="AU-12")
def delete_user(request: HttpRequest, user_id: str) -> Status[None]:
    """Disable a person; the history stays."""
    users.disable(user_id=user_id, by=actor_of(request))
    return Status(204, None)
