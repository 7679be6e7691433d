"""Users and their refresh tokens. A merchant's people live in its schema, platform operators in `public`."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from kimono.lib.db import current_schema


class UserManager(BaseUserManager["User"]):
    """Finds users by name; making one is a service."""


class User(AbstractBaseUser):
    """Somebody who signs in."""

    class Role(models.TextChoices):
        """What a user may do (api.md 2.2); the last two exist on the platform only."""

        MERCHANT_ADMIN = "merchant_admin", _("Merchant admin")
        AGENT = "agent", _("Agent")
        VIEWER = "viewer", _("Viewer")
        OPS_ADMIN = "ops_admin", _("Platform admin")
        OPS_VIEWER = "ops_viewer", _("Platform viewer")

    PLATFORM_ROLES: ClassVar[frozenset[str]] = frozenset({Role.OPS_ADMIN, Role.OPS_VIEWER})

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    username = models.CharField(_("user name"), max_length=50, unique=True)
    display_name = models.CharField(_("display name"), max_length=100, blank=True, default="")
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    is_active = models.BooleanField(_("enabled"), default=True)
    # Raised to end every session and token at once.
    session_version = models.PositiveIntegerField(_("session version"), default=1)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("people")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="one_person_whatever_the_case",
                violation_error_message=_("This name is taken."),
            )
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_staff(self) -> bool:
        """Tell whether this user may enter an admin site at all."""
        return self.is_active and self.role in (
            self.Role.MERCHANT_ADMIN,
            self.Role.OPS_ADMIN,
            self.Role.OPS_VIEWER,
        )

    @property
    def is_superuser(self) -> bool:
        """Tell whether Django's permission checks are answered with yes."""
        return self.is_active and self.role in (self.Role.MERCHANT_ADMIN, self.Role.OPS_ADMIN)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Tell whether an admin site lets this user do `perm`; viewers may only look."""
        return self.is_superuser or (self.is_staff and perm.split(".")[-1].startswith("view_"))

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether an admin site shows this user an app."""
        return self.is_staff

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry to be this user's; bound to schema, id and session version."""
        salt = f"kimono.people.session.{current_schema()}.{self.public_id}.{self.session_version}"
        return salted_hmac(salt, self.password, algorithm="sha256").hexdigest()


class RefreshToken(models.Model):
    """One refresh token of a family; using one twice revokes the family."""

    token_hash = models.CharField(max_length=64, unique=True)
    family = models.UUIDField(default=uuid.uuid4, db_index=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.family}"
