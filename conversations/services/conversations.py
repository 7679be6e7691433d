"""The life of a conversation on the contact's side: begun, found, listed, reopened, closed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.events import SessionClosed, SessionCreated, SessionReopened
from conversations.models import Contact, Conversation, Message
from conversations.services import contacts, handoffs, sequencing, windows
from kimono.lib.errors import Missing
from kimono.lib.ids import new_id
from tenants.services import outbox

_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Reader:
    """Who looks at conversations. A visitor sees its own only; notes and the like are for agents."""

    session_id: str | None = None
    sees_agents: bool = False


def get(*, public_id: str, reader: Reader) -> Conversation:
    """Return a conversation that `reader` may see. Raises `Missing`."""
    if reader.session_id is not None and reader.session_id != public_id:
        raise Missing
    if not _PUBLIC_ID.fullmatch(public_id):
        raise Missing
    conversation = Conversation.objects.filter(public_id=public_id).first()
    if conversation is None:
        raise Missing
    return conversation


def begin(
    *,
    now: datetime,
    public_id: str | None = None,
    channel: str = "web",
    user_id: str = "",
    verified: bool = False,
    language: str = "",
    metadata: Mapping[str, Any] | None = None,
    member_level: str = "",
    contact: Contact | None = None,
) -> Conversation:
    """Begin a conversation, under a given id or a new one, and return it with its row locked; `contact` is its known one.

    Under an id that somebody else has begun in the same moment, theirs is returned. Needs an open transaction.
    """
    contact = contact or contacts.known(user_id=user_id, verified=verified, now=now)
    conversation = Conversation(
        public_id=public_id or new_id("sess"),
        contact=contact,
        channel=channel,
        user_id=user_id,
        visitor_id=contact.visitor_id,
        user_verified=verified and bool(user_id),
        language=language,
        metadata=dict(metadata or {}),
        member_level=member_level,
        created_at=now,
        last_activity_at=now,
    )
    if public_id is None:
        conversation.save(force_insert=True)
    else:
        try:
            with transaction.atomic():
                conversation.save(force_insert=True)
        except IntegrityError:
            return sequencing.locked(public_id=public_id)
    outbox.publish(
        SessionCreated(session_id=conversation.public_id, channel=channel, user_id=user_id or None)
    )
    return conversation


def listed(
    *,
    user_id: str | None = None,
    state: str | None = None,
    channel: str | None = None,
    text: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Conversation]:
    """Return conversations, newest first; `text` is looked for in what was said, in ids and in user ids."""
    wanted = Q()
    if user_id:
        wanted &= Q(user_id=user_id)
    if state:
        wanted &= Q(state=state)
    if channel:
        wanted &= Q(channel=channel)
    if since:
        wanted &= Q(created_at__gte=since)
    if until:
        wanted &= Q(created_at__lte=until)
    rows = Conversation.objects.filter(wanted)
    if text:
        # Not joined: each conversation would be there as often as it is said, with all its columns to be told apart.
        said = Message.objects.filter(conversation=OuterRef("pk"), content__icontains=text)
        rows = rows.filter(Q(public_id=text) | Q(user_id__icontains=text) | Exists(said))
    return rows.order_by("-created_at", "-id")


def reopen(conversation: Conversation, *, now: datetime) -> None:
    """Give a resolved conversation back to the bot, with a fresh window. The row must be locked, and be stored after."""
    sequencing.check_transition(conversation, Conversation.State.BOT)
    conversation.state = Conversation.State.BOT
    conversation.epoch += 1
    conversation.assigned_agent_id = conversation.assigned_agent_name = ""
    conversation.priority = ""
    windows.start_window(conversation)
    sequencing.add_state_event(conversation, reason="reopened", now=now)
    conversation.window_start_seq = conversation.last_seq
    outbox.publish(SessionReopened(session_id=conversation.public_id))


REOPENED = ("state", "epoch", "assigned_agent_id", "assigned_agent_name", "priority", *windows.WINDOW)


def close(*, public_id: str, reader: Reader, reason: str | None, now: datetime) -> Conversation:
    """End a conversation for good; a second time changes nothing. Raises `Missing`."""
    get(public_id=public_id, reader=reader)
    with transaction.atomic():
        conversation = sequencing.locked(public_id=public_id)
        if conversation.state == Conversation.State.CLOSED:
            return conversation
        sequencing.check_transition(conversation, Conversation.State.CLOSED)
        conversation.closed_from = conversation.state
        handoffs.withdraw(conversation, now=now)
        conversation.state = Conversation.State.CLOSED
        conversation.epoch += 1
        conversation.closed_at = now
        conversation.close_reason = reason or ""
        sequencing.add_state_event(conversation, reason=reason or "closed", now=now)
        sequencing.store(
            conversation,
            "state",
            "closed_from",
            "epoch",
            "closed_at",
            "close_reason",
            "open_handoff",
            now=now,
        )
        outbox.publish(SessionClosed(session_id=public_id, reason=reason))
    return conversation
