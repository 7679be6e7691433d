"""Shapes of the account endpoints (api.md 2.4)."""

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from kimono.lib.db import current_tenant_or_none
from kimono.lib.patching import omissible
from tenants.paging import Page
from tenants.people.models import User


class UserOut(Schema):
    """A user on the wire."""

    id: str
    username: str
    display_name: str
    email: str | None
    role: str
    tenant_id: str | None
    is_active: bool
    created_at: datetime
    last_login: datetime | None


def show_user(user: User) -> dict[str, Any]:
    """Return a user as `UserOut`."""
    tenant = current_tenant_or_none()
    return {
        "id": user.public_id,
        "username": user.username,
        "display_name": user.display_name,
        "email": user.email,
        "role": user.role,
        "tenant_id": tenant.public_id if tenant is not None else None,
        "is_active": user.is_active,
        "created_at": user.created_at,
        "last_login": user.last_login,
    }


class LoginIn(Schema):
    """AU-01."""

    username: str = Field(min_length=1, max_length=50)
    password: str = Field(min_length=1, max_length=128)
    tenant_id: str | None = Field(default=None, max_length=64)


class SessionIn(Schema):
    """AU-07."""

    username: str = Field(min_length=1, max_length=50)
    password: str = Field(min_length=1, max_length=128)


class TokensOut(Schema):
    """AU-01 and AU-02."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"
    expires_in: int = 1800
    refresh_expires_in: int = 604800
    user: UserOut


class RefreshIn(Schema):
    """AU-02."""

    refresh_token: str = Field(min_length=1, max_length=400)


class LogoutIn(Schema):
    """AU-03."""

    refresh_token: str | None = Field(default=None, max_length=400)


class TenantRef(Schema):
    """The tenant of AU-04."""

    id: str
    name: str
    slug: str
    host: str


class MeOut(UserOut):
    """AU-04."""

    scopes: list[str]
    tenant: TenantRef | None


class PasswordIn(Schema):
    """AU-05."""

    old_password: str = Field(min_length=1, max_length=128)
    new_password: str = Field(min_length=1, max_length=128)


class CsrfOut(Schema):
    """AU-06."""

    csrf_token: str


class UsersQuery(Page):
    """AU-09."""

    role: str | None = None
    include_inactive: bool = False


class UserIn(Schema):
    """AU-10."""

    username: str = Field(min_length=3, max_length=50, pattern=r"^[\w.@+-]+$")
    password: str = Field(min_length=8, max_length=128)
    display_name: str = Field(default="", max_length=100)
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    role: str = "agent"


class UserPatch(Schema):
    """AU-11; null clears the e-mail and nothing else."""

    display_name: str = omissible(max_length=100)
    password: str = omissible(min_length=8, max_length=128)
    role: str = omissible()
    is_active: bool = omissible()
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
