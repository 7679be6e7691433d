"""The token of a visitor: bound to one tenant, one visitor, one conversation; good for 24 hours after its last use.

For thirty days it goes on to prove that it is the same visitor, though it opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

from conversations.models import Conversation
from kimono.lib import db
from kimono.lib.errors import Unauthenticated
from tenants.models import Tenant
from tenants.services import hosts

PREFIX = "vt_"
LIFETIME = timedelta(hours=24)
# So long an expired one still proves that it is the same visitor (api.md 2.1).
REMEMBERED = timedelta(days=30)
_USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True)
class Visitor:
    """Whom a good token stands for."""

    tenant: Tenant
    visitor_id: str
    session_id: str
    user_id: str
    verified: bool


def _signer(tenant: Tenant) -> signing.TimestampSigner:
    # The tenant is in the salt: a token of one merchant is noise to another, even with equal ids.
    return signing.TimestampSigner(salt=f"kimono.visitor.{tenant.pk}", sep=".")


def issue(*, conversation: Conversation, now: datetime) -> tuple[str, datetime]:
    """Return a token for a conversation of the current tenant, and when it expires if it is not used."""
    tenant = db.current_tenant()
    body = {"v": conversation.visitor_id, "s": conversation.public_id, "i": int(now.timestamp())}
    signed = _signer(tenant).sign_object(body)
    return f"{PREFIX}{tenant.public_id.removeprefix('tenant_')}.{signed}", now + LIFETIME


def recognise(token: str, *, now: datetime) -> Visitor:
    """Return whom a token stands for, and renew it. Raises `Unauthenticated`: forged, foreign, or unused for a day."""
    name, _, signed = token.removeprefix(PREFIX).partition(".")
    tenant = hosts.tenant_by_slug(f"tenant_{name}") if name.isalnum() and len(name) <= 32 else None
    if tenant is None:
        raise Unauthenticated
    with db.tenant_scope(tenant):
        conversation, used = _opened(tenant, signed, now)
        if conversation is None or now - used > LIFETIME:
            raise Unauthenticated
        if conversation.visitor_seen_at is None or now - used > _USED_RESOLUTION:
            Conversation.objects.filter(pk=conversation.pk).update(visitor_seen_at=now)
    return Visitor(
        tenant=tenant,
        visitor_id=conversation.visitor_id,
        session_id=conversation.public_id,
        user_id=conversation.user_id,
        verified=conversation.user_verified,
    )


def remembered(token: str, *, now: datetime) -> Conversation | None:
    """Return the conversation of a token of the current tenant that was used within thirty days, None for any other."""
    tenant = db.current_tenant()
    name, _, signed = token.removeprefix(PREFIX).partition(".")
    if not token.startswith(PREFIX) or f"tenant_{name}" != tenant.public_id:
        return None
    conversation, used = _opened(tenant, signed, now)
    return conversation if now - used <= REMEMBERED else None


def _opened(tenant: Tenant, signed: str, now: datetime) -> tuple[Conversation | None, datetime]:
    """Return the conversation of a signed body, None where it is forged or gone, and when it was last used."""
    try:
        body = _signer(tenant).unsign_object(signed)
        issued = datetime.fromtimestamp(body["i"], tz=now.tzinfo)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None, now
    conversation = Conversation.objects.filter(public_id=body["s"], visitor_id=body["v"]).first()
    seen = conversation.visitor_seen_at if conversation is not None else None
    return conversation, max(seen or issued, issued)
