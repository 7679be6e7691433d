"""What is seen to while agents work: nobody waits for ever for an agent who says nothing."""

from datetime import datetime, timedelta

from agents.services.sections import AgentsSettings
from conversations.services import handoffs
from tenants.services import tenant_settings


def end_silent(*, now: datetime) -> list[str]:
    """Put back in the queue what agents have left unanswered for too long, where the merchant wants that; return which."""
    seconds = tenant_settings.get(AgentsSettings).silent_timeout_seconds
    return handoffs.release_silent(after=timedelta(seconds=seconds), now=now) if seconds else []
