"""Password rules."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from kimono.lib.errors import Invalid
from tenants.people.models import User


def check_strength(*, password: str, user: User, field: str = "password") -> None:
    """Raise `Invalid` (`weak_password`) naming `field` unless the password is good enough for `user`."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            " ".join(error.messages), loc=["body", field], type="weak_password", code="weak_password"
        ) from None
