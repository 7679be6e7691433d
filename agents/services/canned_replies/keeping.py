"""Canned replies are made, changed and deleted. A supervisor keeps everybody's, each agent its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from agents.models import CannedReply
from agents.services.canned_replies.spelling import initials, pinyin
from kimono.lib.errors import Conflict, Denied, Missing
from kimono.lib.ids import new_id
from tenants.services import auditing
from tenants.services.auditing import Actor

MOST = 1000
SHARED = ""
Scope = Literal["tenant", "mine"]
_FIELDS = ("shortcut", "title", "content", "category")


class ShortcutTaken(Conflict):
    """Another reply of the same owner has this shortcut."""

    code = "duplicate_name"
    detail = "A canned reply with this shortcut exists."


def listed(*, owner: str, category: str | None = None) -> QuerySet[CannedReply]:
    """Return everybody's replies and those of `owner`, newest first."""
    rows = CannedReply.objects.filter(owner__in=[SHARED, owner])
    return rows.filter(category=category) if category else rows


def get(*, reply_id: str, owner: str) -> CannedReply:
    """Return a reply that `owner` may use. Raises `Missing`, also for another agent's own."""
    found = listed(owner=owner).filter(public_id=reply_id).first() if "\x00" not in reply_id else None
    if found is None:
        raise Missing
    return found


def create(
    *, given: Mapping[str, Any], scope: Scope, owner: str, supervisor: bool, by: Actor, now: datetime
) -> CannedReply:
    """Make a reply. Raises `Denied` (everybody's, by no supervisor), `ShortcutTaken`, `Conflict` (`limit_reached`)."""
    whose = _owner(scope, owner, supervisor)
    with transaction.atomic():
        if CannedReply.objects.count() >= MOST:
            raise Conflict("No more canned replies can be made.", code="limit_reached")
        reply = CannedReply(public_id=new_id("crp"), owner=whose, created_at=now)
        _write(reply, given, now)
        auditing.record(
            action="create_canned_reply", by=by, target_type="canned_reply", target_id=reply.public_id
        )
    return reply


def update(
    *, reply_id: str, given: Mapping[str, Any], owner: str, supervisor: bool, by: Actor, now: datetime
) -> CannedReply:
    """Change a reply; with `scope`, whose it is. Raises `Missing`, `Denied`, `ShortcutTaken`."""
    with transaction.atomic():
        reply = _changeable(reply_id, owner, supervisor)
        if given.get("scope") is not None:
            reply.owner = _owner(given["scope"], owner, supervisor)
        _write(reply, given, now)
        auditing.record(
            action="update_canned_reply",
            by=by,
            target_type="canned_reply",
            target_id=reply_id,
            details={"fields": sorted(given)},
        )
    return reply


def count_use(*, reply_id: str, owner: str) -> None:
    """Count that a reply was said, where `owner` may use it."""
    if "\x00" not in reply_id:
        listed(owner=owner).filter(public_id=reply_id).update(use_count=F("use_count") + 1)


def delete(*, reply_id: str, owner: str, supervisor: bool, by: Actor) -> None:
    """Delete a reply. Raises `Missing`, `Denied`."""
    with transaction.atomic():
        _changeable(reply_id, owner, supervisor).delete()
        auditing.record(action="delete_canned_reply", by=by, target_type="canned_reply", target_id=reply_id)


def _owner(scope: Scope, owner: str, supervisor: bool) -> str:
    if scope == "tenant" and not supervisor:
        raise Denied
    return SHARED if scope == "tenant" else owner


def _changeable(reply_id: str, owner: str, supervisor: bool) -> CannedReply:
    reply = get(reply_id=reply_id, owner=owner)
    if reply.owner == SHARED and not supervisor:
        raise Denied
    return reply


def _write(reply: CannedReply, given: Mapping[str, Any], now: datetime) -> None:
    for name in _FIELDS:
        if given.get(name) is not None:
            setattr(reply, name, given[name])
    typed = f"{reply.shortcut} {reply.title}"
    reply.pinyin, reply.initials = pinyin(typed)[:1000], initials(typed)[:150]
    reply.updated_at = now
    try:
        with transaction.atomic():
            reply.save()
    except IntegrityError:
        raise ShortcutTaken from None
