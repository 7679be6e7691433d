"""The first word with a visitor: a conversation, its token, a greeting and what is often asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, FirstMessage
from conversations.services import (
    contacts,
    conversations,
    payloads,
    sequencing,
    visitor_tokens,
    widget_secret,
)
from conversations.services.sections import ChatSettings, WidgetSettings
from kimono.lib.errors import Unauthenticated
from knowledge.services import visibility
from tenants.services import tenant_settings

_REMEMBERED = timedelta(hours=24)
SUGGESTED = 3


@dataclass(frozen=True)
class Introduction:
    """What is said of a visitor when its conversation begins; `vouched` when a key says it."""

    channel: str = "web"
    user_id: str = ""
    user_hash: str = ""
    language: str = ""
    metadata: Mapping[str, Any] | None = None
    vouched: bool = False


@dataclass(frozen=True)
class Shaken:
    """A Handshake, and whether it was given before."""

    handshake: Mapping[str, Any]
    repeat: bool


def shake(
    *, introduction: Introduction, idempotency: tuple[str, str] | None, ws_url: str, now: datetime
) -> Shaken:
    """Begin a conversation for a visitor and return its Handshake.

    `idempotency` is (principal, key): the same pair within a day finds the same conversation, and no token, which is
    shown once. Raises `Unauthenticated` when the merchant wants its users' ids signed and this one is not.
    """
    verified = _verified(introduction)
    with transaction.atomic():
        conversation = _begun_before(idempotency, now)
        repeat = conversation is not None
        if conversation is None:
            level = (introduction.metadata or {}).get("member_level")
            conversation = conversations.begin(
                now=now,
                channel=introduction.channel,
                user_id=introduction.user_id,
                verified=verified,
                language=introduction.language,
                metadata=introduction.metadata,
                member_level=level[:40] if introduction.vouched and isinstance(level, str) else "",
            )
            _remember(idempotency, conversation, now)
    if repeat:
        return Shaken(
            _handshake(conversation, None, conversation.created_at + visitor_tokens.LIFETIME, ws_url), True
        )
    token, expires = visitor_tokens.issue(conversation=conversation, now=now)
    return Shaken(_handshake(conversation, token, expires, ws_url), False)


def meet(*, introduction: Introduction, visitor_token: str, ws_url: str, now: datetime) -> Shaken:
    """Take a visitor's conversation up again, or begin one, and return its Handshake with a new token (WI-02).

    Known again is who holds a token of the last thirty days, or whose id the merchant has signed; `repeat` tells so.
    Raises `Unauthenticated` when the merchant wants its users' ids signed and this one is not.
    """
    verified = _verified(introduction)
    with transaction.atomic():
        before = visitor_tokens.remembered(visitor_token, now=now) if visitor_token else None
        if before is not None and not _may_be(before, introduction):
            before = None
        found = before or (_latest_of(introduction.user_id, now) if verified else None)
        resumed = found is not None and found.state != Conversation.State.CLOSED
        if found is not None and resumed:
            conversation = _taken_up(found, introduction, verified, now)
        else:
            conversation = conversations.begin(
                now=now,
                channel=introduction.channel,
                user_id=introduction.user_id or (found.user_id if found is not None else ""),
                verified=verified or (found is not None and found.user_verified),
                language=introduction.language,
                metadata=introduction.metadata,
                contact=found.contact if found is not None and not verified else None,
            )
    token, expires = visitor_tokens.issue(conversation=conversation, now=now)
    return Shaken(_handshake(conversation, token, expires, ws_url), resumed)


def _may_be(conversation: Conversation, introduction: Introduction) -> bool:
    """Tell whether a token's holder may be who is introduced: one of the two says no name, or both say the same."""
    return introduction.user_id in ("", conversation.user_id) or not conversation.user_id


def _latest_of(user_id: str, now: datetime) -> Conversation | None:
    rows = Conversation.objects.filter(user_id=user_id, user_verified=True, channel=Conversation.Channel.WEB)
    recent = rows.filter(last_activity_at__gt=now - visitor_tokens.REMEMBERED)
    return recent.exclude(state=Conversation.State.CLOSED).order_by("-last_activity_at", "-pk").first()


def _taken_up(found: Conversation, introduction: Introduction, verified: bool, now: datetime) -> Conversation:
    """Return a conversation with what its visitor says of itself by now: who it is, and from which page it writes."""
    conversation = sequencing.locked(pk=found.pk)
    conversation.metadata = {**conversation.metadata, **(introduction.metadata or {})}
    conversation.user_id = introduction.user_id or conversation.user_id
    if verified and not conversation.user_verified:
        # The visitor's own name in the conversation stays: its tokens carry it.
        conversation.contact = contacts.known(user_id=introduction.user_id, verified=True, now=now)
        conversation.user_verified = True
    # An expired token is used again: the new one lives on.
    conversation.visitor_seen_at = now
    conversation.save(update_fields=["metadata", "user_id", "contact", "user_verified", "visitor_seen_at"])
    return conversation


def _handshake(
    conversation: Conversation, token: str | None, expires: datetime, ws_url: str
) -> dict[str, Any]:
    return {
        "session_id": conversation.public_id,
        "visitor_id": conversation.visitor_id,
        "visitor_token": token,
        "expires_at": payloads.moment(expires),
        "ws_url": ws_url,
        "state": conversation.state,
        "last_seq": conversation.last_seq,
        "greeting": tenant_settings.get(ChatSettings).greeting,
        "suggestions": suggestions(),
        "user_verified": conversation.user_verified,
    }


def suggestions() -> list[dict[str, Any]]:
    """Return what a visitor may want to ask first."""
    pairs = visibility.live_pairs(timezone.now()).order_by("-priority", "-hit_count", "pk")[:SUGGESTED]
    return [{"text": pair.question, "qa_id": pair.public_id} for pair in pairs]


def _verified(introduction: Introduction) -> bool:
    if not introduction.user_id or introduction.vouched:
        return bool(introduction.user_id)
    widget = tenant_settings.get(WidgetSettings)
    verified = bool(introduction.user_hash) and widget_secret.vouches(
        user_id=introduction.user_id, user_hash=introduction.user_hash
    )
    if widget.require_user_hash and not verified:
        raise Unauthenticated
    return verified


def _begun_before(idempotency: tuple[str, str] | None, now: datetime) -> Conversation | None:
    if idempotency is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))",
            ["handshake|" + "|".join(idempotency)],
        )
    first = _first(idempotency)
    return first.conversation if first is not None and now - first.created_at <= _REMEMBERED else None


def _first(idempotency: tuple[str, str]) -> FirstMessage | None:
    rows = FirstMessage.objects.select_related("conversation")
    return rows.filter(principal=idempotency[0], client_message_id=idempotency[1]).first()


def _remember(idempotency: tuple[str, str] | None, conversation: Conversation, now: datetime) -> None:
    if idempotency is not None:
        FirstMessage.objects.update_or_create(
            principal=idempotency[0],
            client_message_id=idempotency[1],
            defaults={"conversation": conversation, "created_at": now},
        )
