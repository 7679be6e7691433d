"""Names of channel groups. The only place that makes one, so that no two tenants ever share a name."""

from kimono.lib.db import current_tenant


def group_name(kind: str, identity: str) -> str:
    """Return the group of one thing of the current tenant, at most 100 characters of `[A-Za-z0-9_.-]`."""
    return f"t.{current_tenant().pk.hex}.{kind}.{identity}"[:99]
