"""How people are recognised: by name and password on a page."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from tenants.people.models import User


class Backend(BaseBackend):
    """Django's way in, for the pages: the user of the schema in force, whatever the role."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Return the user whose password this is, or None; as slow for an unknown name as for a known one."""
        if not username or not password:
            return None
        user = User.objects.filter(username=username).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.is_active and user.check_password(password) else None

    def get_user(self, user_id: Any) -> User | None:
        """Return an active user by primary key, or None."""
        return User.objects.filter(pk=user_id, is_active=True).first()
