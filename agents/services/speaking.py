"""What agents say to contacts, and which of their canned replies they say."""

from datetime import datetime

from agents.services import canned_replies
from conversations.services import messages
from conversations.services.handoffs import Handler
from conversations.services.messages import Said


def say(
    *,
    session_id: str,
    agent: Handler,
    content: str,
    client_message_id: str | None,
    canned_reply_id: str | None = None,
    owner: str = "",
    now: datetime,
) -> Said:
    """Store what an agent says, once under its own id, and count the canned reply of `owner` that it was made from.

    Raises what `messages.say` raises; a reply that is gone meanwhile holds nothing up.
    """
    said = messages.say(
        session_id=session_id,
        agent=agent,
        content=content,
        client_message_id=client_message_id,
        now=now,
    )
    if canned_reply_id is not None and not said.repeat:
        canned_replies.count_use(reply_id=canned_reply_id, owner=owner)
    return said
