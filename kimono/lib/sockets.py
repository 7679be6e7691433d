"""Names of channel groups. The only place that makes one, so that no two tenants ever share a name."""

import hashlib
import re

from kimono.lib.db import current_tenant

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def group_name(kind: str, identity: str) -> str:
    """Return the group of one thing of the current tenant, fewer than 100 characters of `[A-Za-z0-9_.-]`.

    An identity that does not fit is named by its digest: cut short, two of them could share a group.
    """
    if not _PLAIN.fullmatch(identity):
        identity = hashlib.sha256(identity.encode()).hexdigest()[:40]
    return f"t.{current_tenant().pk.hex}.{kind}.{identity}"


def platform_group(kind: str) -> str:
    """Return the group of one thing of the platform itself."""
    return f"p.{kind}"
