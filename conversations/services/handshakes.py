"""The first word with a visitor: a conversation, its token, a greeting and what is often asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, FirstMessage
from conversations.services import conversations, payloads, visitor_tokens, widget_secret
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
        user_id=introduction.user_id,
        user_hash=introduction.user_hash,
        generation=widget.secret_generation,
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
