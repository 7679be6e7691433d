"""Signing in for programs: short access tokens, refresh tokens that rotate, families that die of reuse.

An access token is signed with a key of its own schema, so that no token is good in another tenant even if every
row of the two were equal.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db import connection, transaction

from kimono.lib import db
from kimono.lib.errors import Denied, Missing, TooMany, Unauthenticated
from tenants.models import Tenant
from tenants.people.models import RefreshToken, User
from tenants.services import auditing, hosts, limits
from tenants.services.auditing import Actor

ACCESS = timedelta(minutes=30)
REFRESH = timedelta(days=7)


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives."""

    access_token: str
    refresh_token: str
    user: User


class WrongLogin(Unauthenticated):
    """One answer for an unknown user, a wrong password, a disabled user and an unknown tenant."""

    def __init__(self) -> None:
        super().__init__(code="invalid_credentials", detail="Invalid username or password.")


def _key(schema: str) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), f"kimono.people.jwt.{schema}".encode(), "sha256").digest()


def tenant_named(name: str | None, *, username: str, password: str, by: Actor) -> Tenant | None:
    """Return the tenant a login names on the platform host.

    Raises `WrongLogin` for an unknown one, and `TooMany`: as late and as soon as for a wrong password at a known one.
    """
    if not name:
        return None
    tenant = hosts.tenant_by_slug(name)
    if tenant is not None:
        return tenant
    with db.public_scope():
        _guess(lambda: _spend_time_on(password), place=name, username=username, by=by)
    raise WrongLogin


def check_password(*, username: str, password: str, by: Actor) -> User:
    """Return the user of the schema in force whose password this is.

    Five failures of one account from one address within 15 minutes lock it out. Raises `WrongLogin`, `TooMany`,
    and `Denied` (`tenant_suspended`) only after a right password.
    """
    user = _guess(lambda: _user_with(username=username, password=password), username=username, by=by)
    if user is None:
        raise WrongLogin
    _check_not_suspended()
    return user


def _guess(check: Callable[[], User | None], *, username: str, by: Actor, place: str = "") -> User | None:
    """Return whom `check` finds, one at a time for an account and address; failures are counted and recorded."""
    identity = f"{place}/{username.lower()}:{by.ip}"
    with transaction.atomic():
        # One guess at a time for an account and address: many at once would all be counted after they were made.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"login:{db.current_schema()}:{identity}"]
            )
        if limits.is_used_up("login_lock", identity):
            raise TooMany(retry_after=limits.seconds_left("login_lock", identity))
        user = check()
        if user is None:
            limits.note("login_failure", identity)
            if limits.is_used_up("login_failure", identity):
                limits.note("login_lock", identity)
            auditing.record(
                action="login_failed", by=by, target_type="user", target_id=username[:100], success=False
            )
    return user


def _user_with(*, username: str, password: str) -> User | None:
    user = User.objects.filter(username=username).first()
    if user is None:
        _spend_time_on(password)
        return None
    return user if user.check_password(password) and user.is_active else None


def _spend_time_on(password: str) -> None:
    # As slow as a real check, so that time does not tell which names exist.
    User().set_password(password)


def _check_not_suspended() -> None:
    tenant = db.current_tenant_or_none()
    if tenant is not None and tenant.status == Tenant.Status.SUSPENDED:
        raise Denied("This merchant is suspended.", code="tenant_suspended")


def sign_in(*, username: str, password: str, by: Actor, now: datetime) -> Tokens:
    """Return fresh tokens of a user of the schema in force. Raises as `check_password`."""
    user = check_password(username=username, password=password, by=by)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_login=now)
        user.last_login = now
        tokens = _issue(user, family=uuid.uuid4(), now=now)
        auditing.record(
            action="login",
            by=Actor(kind="user", id=user.public_id, name=user.username, ip=by.ip, request_id=by.request_id),
            target_type="user",
            target_id=user.public_id,
        )
    return tokens


def _issue(user: User, *, family: uuid.UUID, now: datetime) -> Tokens:
    tenant = db.current_tenant_or_none()
    public_id = tenant.public_id if tenant is not None else None
    schema = tenant.schema_name if tenant is not None else db.PUBLIC
    claims = {
        "typ": "access",
        "sub": user.public_id,
        "ten": public_id,
        "ver": user.session_version,
        "iat": now,
        "exp": now + ACCESS,
        "jti": secrets.token_hex(8),
    }
    refresh = f"{public_id or 'platform'}.{secrets.token_urlsafe(40)}"
    RefreshToken.objects.create(token_hash=_hash(refresh), family=family, user=user, expires_at=now + REFRESH)
    return Tokens(
        access_token=jwt.encode(claims, _key(schema), algorithm="HS256"), refresh_token=refresh, user=user
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def refresh_tenant(token: str) -> Tenant | None:
    """Return the tenant a refresh token belongs to. Raises `Unauthenticated` when it names an unknown one."""
    name = token.partition(".")[0]
    if name == "platform":
        return None
    tenant = hosts.tenant_by_slug(name)
    if tenant is None:
        raise Unauthenticated
    return tenant


def refresh(*, token: str, now: datetime) -> Tokens:
    """Return new tokens for a refresh token; using one twice revokes its family. Raises `Unauthenticated`."""
    with transaction.atomic():
        row = (
            RefreshToken.objects.select_for_update(no_key=True, of=("self",))
            .select_related("user")
            .filter(token_hash=_hash(token))
            .first()
        )
        reused = row is not None and (row.used_at is not None or row.revoked_at is not None)
        if row is not None and reused:
            RefreshToken.objects.filter(family=row.family).update(revoked_at=now)
        elif row is not None and row.expires_at > now and row.user.is_active:
            _check_not_suspended()
            row.used_at = now
            row.save(update_fields=["used_at"])
            return _issue(row.user, family=row.family, now=now)
    raise Unauthenticated


def sign_out(*, user: User, refresh_token: str | None, now: datetime) -> None:
    """Revoke the family of a refresh token of this user; without one, nothing but the client forgets."""
    if not refresh_token:
        return
    row = RefreshToken.objects.filter(token_hash=_hash(refresh_token), user=user).first()
    if row is not None:
        RefreshToken.objects.filter(family=row.family).update(revoked_at=now)


def read_access(token: str) -> tuple[User, Tenant | None]:
    """Return whose access token this is. Raises `Unauthenticated` for anything but a good one."""
    try:
        unverified: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        tenant = hosts.tenant_by_slug(str(unverified["ten"])) if unverified.get("ten") else None
        if unverified.get("ten") and tenant is None:
            raise Unauthenticated
        schema = tenant.schema_name if tenant is not None else db.PUBLIC
        claims = jwt.decode(
            token, _key(schema), algorithms=["HS256"], options={"require": ["exp", "sub", "ver"]}
        )
    except (jwt.PyJWTError, Missing, TypeError, ValueError, KeyError):
        raise Unauthenticated from None
    with db.tenant_scope(tenant) if tenant is not None else db.public_scope():
        user = User.objects.filter(public_id=claims["sub"], is_active=True).first()
    if user is None or user.session_version != claims["ver"] or claims.get("typ") != "access":
        raise Unauthenticated
    return user, tenant
