"""Links to a file that work without a credential: signed for this version of this file, this tenant and an hour."""

import hashlib
import hmac
import time
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from kimono.lib.db import current_tenant

SECONDS = 3600


def signed(url: str, *, now: float | None = None) -> str:
    """Return `url` (a path of this API, maybe with query and fragment) with `sig=` added, good for an hour."""
    parts = urlsplit(url)
    until = int(time.time() if now is None else now) + SECONDS
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "sig"]
    version = next((value for name, value in query if name == "version"), "")
    query.append(("sig", f"{until}.{_mac(parts.path, version, until)}"))
    return urlunsplit(parts._replace(query=urlencode(query)))


def verify(path: str, sig: str, *, version: str | None = None, now: float | None = None) -> bool:
    """Tell whether `sig` was made for `path` and its `version` (None: a link without one) by this tenant, and is good."""
    until, dot, mac = sig.partition(".")
    if not dot or not until.isascii() or not until.isdigit() or len(until) > 12:
        return False
    good = hmac.compare_digest(mac.encode(), _mac(path, version or "", int(until)).encode())
    return good and (time.time() if now is None else now) < int(until)


def _mac(path: str, version: str, until: int) -> str:
    key = hashlib.sha256(f"kimono.links:{settings.SECRET_KEY}".encode()).digest()
    message = f"{current_tenant().pk}\n{path}\n{version}\n{until}"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:40]
