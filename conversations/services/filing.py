"""How a conversation is sorted on the human side: its priority, its tags, the group it waits in."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from conversations.models import Conversation
from conversations.services import inbox, sequencing
from kimono.lib.patching import KEPT, Kept
from tenants.services import auditing
from tenants.services.auditing import Actor


def file(
    *,
    session_id: str,
    priority: str | None = None,
    tags: Sequence[str] | None = None,
    group_id: str | Kept | None = KEPT,
    by: Actor,
    now: datetime,
) -> Conversation:
    """Change how a conversation is sorted; one that waits moves in the queue. A group of None is none.

    Raises `Missing`.
    """
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        changed = []
        if priority is not None:
            conversation.priority = priority
            changed.append("priority")
            _prioritise(conversation, priority)
        if tags is not None:
            conversation.tags = list(tags)
            changed.append("tags")
        if not isinstance(group_id, Kept):
            conversation.group_id = group_id or ""
            changed.append("group_id")
        sequencing.store(conversation, *changed)
        waits = conversation.state == Conversation.State.PENDING
        inbox.add("queue.updated" if waits else "session.updated", conversation, reason="filed", now=now)
        auditing.record(
            action="update_conversation",
            by=by,
            target_type="conversation",
            target_id=session_id,
            details={"fields": changed},
        )
    return conversation


def _prioritise(conversation: Conversation, priority: str) -> None:
    handoff = conversation.open_handoff
    if handoff is not None:
        handoff.priority = priority
        handoff.save(update_fields=["priority"])


def leave_group(*, group_id: str, now: datetime) -> int:
    """Give what waits in a group that is no more back to the common queue; return how many there were.

    Needs an open transaction.
    """
    rows = Conversation.objects.filter(group_id=group_id).select_for_update(no_key=True)
    left = list(rows.order_by("pk"))
    Conversation.objects.filter(pk__in=[each.pk for each in left]).update(group_id="")
    for conversation in left:
        if conversation.state == Conversation.State.PENDING:
            inbox.add("queue.updated", conversation, reason="filed", now=now)
    return len(left)
