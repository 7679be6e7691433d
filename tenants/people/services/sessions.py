"""The session cookie of people, for callers of the API; pages use Django's own middleware."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from tenants.people.models import User


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


def end(key: str) -> None:
    """End a session; one that is over already is no error."""
    SessionStore(key).flush()
