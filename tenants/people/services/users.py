"""The people of the schema in force: a merchant's, or the platform's operators."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from kimono.lib import db
from kimono.lib.errors import Conflict, Invalid, Missing
from kimono.lib.ids import new_id, platform_id
from kimono.lib.patching import KEPT, Kept
from tenants.people.models import RefreshToken, User
from tenants.people.services import passwords
from tenants.services import auditing
from tenants.services.auditing import Actor

ALIASES = {"tenant_admin": "merchant_admin", "staff": "agent", "admin": "ops_admin"}


def role_named(name: str, *, loc: Sequence[str] = ("body", "role")) -> str:
    """Return our name of a role. Raises `Invalid` for one that does not exist on this side of the house."""
    role = ALIASES.get(name, name)
    platform = db.current_tenant_or_none() is None
    if role not in User.Role.values or (role in User.PLATFORM_ROLES) != platform:
        raise Invalid("Unknown role", loc=loc, type="enum")
    return role


def listed(*, role: str | None = None, include_inactive: bool = False) -> "QuerySet[User]":
    """Return the users, newest first. Raises `Invalid` for an unknown role."""
    users = User.objects.all() if include_inactive else User.objects.filter(is_active=True)
    return users if role is None else users.filter(role=role_named(role, loc=("query", "role")))


def get(*, user_id: str) -> User:
    """Return a user by public id. Raises `Missing`."""
    user = User.objects.filter(public_id=user_id).first()
    if user is None:
        raise Missing
    return user


def create(
    *,
    username: str,
    password: str,
    role: str,
    by: Actor,
    now: datetime,
    display_name: str = "",
    email: str | None = None,
) -> User:
    """Make a user. Raises `Conflict` (`duplicate_name`), `Invalid` (`weak_password`, unknown role).

    Names that differ in case alone are one name.
    """
    tenant = db.current_tenant_or_none()
    user = User(
        public_id=new_id("usr") if tenant is not None else platform_id("usr"),
        username=username,
        display_name=display_name,
        email=email,
        role=role_named(role),
        created_at=now,
    )
    passwords.check_strength(password=password, user=user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            auditing.record(
                action="create_user" if tenant is not None else "create_ops_user",
                by=by,
                target_type="user",
                target_id=user.public_id,
                details={"username": username, "role": user.role},
            )
    except IntegrityError:
        raise Conflict("The username is taken.", code="duplicate_name") from None
    return user


def update(
    *,
    user_id: str,
    by: Actor,
    display_name: str | None = None,
    email: str | Kept | None = KEPT,
    role: str | None = None,
    is_active: bool | None = None,
    password: str | None = None,
) -> User:
    """Change a user; an e-mail of None is taken away.

    Raises `Conflict` (`cannot_disable_self`, `last_admin`), `Invalid`, `Missing`.
    """
    with transaction.atomic():
        # All admins are locked, so that two of them cannot disable each other at the same instant.
        admins = list(_admins().select_for_update(no_key=True))
        user = User.objects.select_for_update(no_key=True).filter(public_id=user_id).first()
        if user is None:
            raise Missing
        new_role = role_named(role) if role is not None else user.role
        active = user.is_active if is_active is None else is_active
        _check_can_change(user, admins=admins, role=new_role, active=active, by=by)
        if display_name is not None:
            user.display_name = display_name
        if email is not KEPT:
            user.email = email
        ended = active != user.is_active or new_role != user.role
        user.role, user.is_active = new_role, active
        if password is not None:
            passwords.check_strength(password=password, user=user)
            user.set_password(password)
            ended = True
        if ended:
            end_everything(user)
        user.save()
        auditing.record(
            action="update_user" if db.current_tenant_or_none() is not None else "update_ops_user",
            by=by,
            target_type="user",
            target_id=user.public_id,
            details={"role": new_role, "is_active": active, "password": password is not None},
        )
    return user


def _admins() -> "QuerySet[User]":
    return User.objects.filter(Q(role="merchant_admin") | Q(role="ops_admin"), is_active=True).order_by("pk")


def _check_can_change(user: User, *, admins: list[User], role: str, active: bool, by: Actor) -> None:
    if not active and user.is_active and user.public_id == by.id:
        raise Conflict("You cannot disable yourself.", code="cannot_disable_self")
    stays_admin = active and role in ("merchant_admin", "ops_admin")
    if user in admins and not stays_admin and len(admins) == 1:
        raise Conflict("This is the last admin.", code="last_admin")


def marks(*, user_ids: Collection[str]) -> dict[str, str]:
    """Return those of these users who may still sign in, each with a mark that changes when all its sessions end."""
    rows = User.objects.filter(public_id__in=user_ids, is_active=True)
    return {user.public_id: mark(user) for user in rows.only("public_id", "session_version", "role")}


def mark(user: User) -> str:
    """Return what stays the same of a user while what it was let in for holds."""
    return f"{user.session_version}.{user.role}"


def disable(*, user_id: str, by: Actor) -> None:
    """Disable a user and keep the history. Raises as `update`."""
    update(user_id=user_id, by=by, is_active=False)


def change_password(*, user: User, old: str, new: str, by: Actor) -> None:
    """Change a user's own password; every other session and token dies. Raises `Invalid`."""
    if not user.check_password(old):
        raise Invalid("The password is wrong.", loc=["body", "old_password"])
    passwords.check_strength(password=new, user=user, field="new_password")
    with transaction.atomic():
        user.set_password(new)
        end_everything(user)
        user.save()
        auditing.record(action="change_password", by=by, target_type="user", target_id=user.public_id)


def end_everything(user: User) -> None:
    """End all sessions, access tokens and refresh tokens of a user; the caller saves the user."""
    user.session_version += 1
    RefreshToken.objects.filter(user=user).delete()


def create_first_admin(seed: Mapping[str, Any]) -> None:
    """Make the first admin of a new tenant from `seed["admin"]` (`username, password_hash, display_name?, email?`).

    A step of making a tenant; an admin who is there already is left alone.
    """
    admin = seed.get("admin")
    if not admin or User.objects.filter(username=admin["username"]).exists():
        return
    User.objects.create(
        public_id=new_id("usr"),
        username=admin["username"],
        password=admin["password_hash"],
        display_name=admin.get("display_name") or "",
        email=admin.get("email"),
        role=User.Role.MERCHANT_ADMIN,
    )
