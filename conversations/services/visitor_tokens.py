"""The token of a visitor: bound to one tenant, one visitor, one conversation; good for 24 hours after its last use."""

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
    try:
        body = _signer(tenant).unsign_object(signed)
        issued = datetime.fromtimestamp(body["i"], tz=now.tzinfo)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise Unauthenticated from None
    with db.tenant_scope(tenant):
        conversation = Conversation.objects.filter(public_id=body["s"], visitor_id=body["v"]).first()
        if conversation is None:
            raise Unauthenticated
        used = max(conversation.visitor_seen_at or issued, issued)
        if now - used > LIFETIME:
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
