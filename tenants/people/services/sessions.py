"""The session cookie of people, for callers of the API; pages use Django's own middleware."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from tenants.people.models import User

_RESOLUTION = timedelta(minutes=5)


def start(user: User) -> str:
    """Make a session of `user` in the schema in force and return its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    key: Any = session.session_key
    session.save()
    return str(key)


def keep(key: str, *, now: datetime) -> bool:
    """Let a session of the schema in force end 8 hours (`SESSION_COOKIE_AGE`) from now, if it has not ended.

    Returns whether that was written: once in five minutes of use, and then the cookie is to be sent anew.
    """
    whole = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    worn = Session.objects.filter(
        session_key=key, expire_date__gt=now, expire_date__lt=now + whole - _RESOLUTION
    )
    return bool(worn.update(expire_date=now + whole))


def end(key: str) -> None:
    """End a session; one that is over already is no error."""
    SessionStore(key).flush()
