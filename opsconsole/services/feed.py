"""What operators are told while they look (the stream `ops` of their sockets): alerts, components, merchants.

The tables show nothing outside of the platform's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.utils import timezone

from conversations.services.numbering import MOST, Numbering, Reach
from conversations.services.payloads import moment
from kimono.lib import db
from kimono.lib.sockets import platform_group
from opsconsole.models import ConsoleCounter, ConsoleEntry
from opsconsole.services import merchants
from tenants.models import Tenant
from tenants.services.lifecycle import Change

Kind = Literal["alert", "component", "tenant"]
STREAM = "ops"
_numbering = Numbering(ConsoleEntry, ConsoleCounter)


@dataclass(frozen=True)
class Told:
    """One entry as it is told."""

    seq: int
    type: str
    fields: Mapping[str, Any]


def group() -> str:
    """Return the group that the stream rings in."""
    return platform_group(STREAM)


def add(kind: Kind, *, event: str, about: Mapping[str, Any], now: datetime) -> int:
    """Tell operators that `event` happened, and return its number. Needs an open transaction; the last thing in it.

    `about` is the object as it is told; of a merchant, its `id` alone.
    """
    with db.platform_scope():
        payload = {"event": event, kind: dict(about)}
        return _numbering.add(group=group(), now=now, type=kind, payload=payload)


def note(*, tenant: Tenant, change: Change) -> None:
    """Tell operators that a merchant's state has changed."""
    add("tenant", event=change, about={"id": tenant.public_id}, now=timezone.now())


def reach() -> Reach:
    """Return how far the stream goes."""
    with db.platform_scope():
        return _numbering.reach()


def since(seq: int, *, now: datetime) -> list[Told]:
    """Return what the stream holds after a number, in order; at most `MOST`. Merchants are shown as they are now."""
    with db.platform_scope():
        entries = list(ConsoleEntry.objects.filter(seq__gt=seq).order_by("seq")[:MOST])
    ids = {entry.payload["tenant"]["id"] for entry in entries if entry.type == "tenant"}
    items = merchants.items(ids, now=now)
    return [Told(entry.seq, entry.type, _fields(entry, items)) for entry in entries]


def _fields(entry: ConsoleEntry, items: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {**entry.payload, "ts": moment(entry.created_at)}
    if entry.type == "tenant":
        fields["tenant"] = items.get(entry.payload["tenant"]["id"], entry.payload["tenant"])
    return fields
