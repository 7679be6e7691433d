"""A canned reply with its variables filled: `{{customer}}`, `{{agent}}`, `{{merchant}}`, `{{session}}`, slots by name.

`{{visitor.name}}` and `{{agent.name}}` are what other help desks call the first two.
"""

import re
from collections.abc import Callable

from conversations.models import Conversation
from conversations.services import conversations
from conversations.services.conversations import Reader
from kimono.lib.db import current_tenant

_VARIABLE = re.compile(r"\{\{\s*([\w.-]{1,64})\s*\}\}")


def filled(content: str, *, conversation: Conversation, agent_name: str) -> str:
    """Return a reply's text for a conversation; a variable that nothing is known for stays as it is written."""
    known = {
        **{name: str(value) for name, value in conversation.slots.items()},
        **dict.fromkeys(("customer", "visitor.name"), conversation.user_id),
        **dict.fromkeys(("agent", "agent.name"), agent_name),
        "merchant": current_tenant().name,
        "session": conversation.public_id,
    }
    return _VARIABLE.sub(lambda found: known.get(found[1]) or found[0], content)


def filler(*, session_id: str | None, agent_name: str) -> Callable[[str], str | None]:
    """Return what fills a reply for a conversation, and gives None where none is named. Raises `Missing`."""
    if session_id is None:
        return lambda content: None
    conversation = conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    return lambda content: filled(content, conversation=conversation, agent_name=agent_name)
