"""Public ids: what a thing is, at least 80 random bits, and whose it is."""

import secrets

from kimono.lib.db import current_tenant

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def random_part(length: int = 16) -> str:
    """Return `length` characters of five random bits each (16 → 80 bits)."""
    return "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(length))


def new_id(kind: str) -> str:
    """Return a new id of the current tenant: `<kind>-<16 random characters>-<the tenant's tag>`."""
    return f"{kind}-{random_part()}-{current_tenant().tag}"


def platform_id(kind: str) -> str:
    """Return a new id that belongs to no tenant: `<kind>-<20 random characters>`."""
    return f"{kind}-{random_part(20)}"


def tag_of(public_id: str) -> str | None:
    """Return the tenant tag that a public id ends in, or None when it has none."""
    parts = public_id.rsplit("-", 1)
    return parts[1] if len(parts) == 2 and len(parts[1]) == 8 else None
