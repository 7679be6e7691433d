"""Who writes in: found again by the merchant's own id when somebody vouches for it, else new."""

from datetime import datetime

from conversations.models import Contact
from kimono.lib.ids import new_id


def known(*, user_id: str, verified: bool, now: datetime) -> Contact:
    """Return the contact of a `user_id` that is vouched for; a new one where there is none, or nobody vouches."""
    if user_id and verified:
        contact, _ = Contact.objects.get_or_create(
            user_id=user_id,
            verified=True,
            defaults={"visitor_id": new_id("vis"), "created_at": now, "last_seen_at": now},
        )
        return contact
    return Contact.objects.create(
        visitor_id=new_id("vis"), user_id=user_id, verified=False, created_at=now, last_seen_at=now
    )
