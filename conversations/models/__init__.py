"""Tables of `conversations`; they live in each tenant's schema."""

from conversations.models.contacts import Contact
from conversations.models.conversations import Conversation, ConversationEvent, FirstMessage
from conversations.models.handoffs import Handoff
from conversations.models.inbox import InboxCounter, InboxEntry
from conversations.models.messages import Message
from conversations.models.satisfaction import Satisfaction
from conversations.models.scenes import Scene
from conversations.models.turns import Step, Turn

__all__ = [
    "Contact",
    "Conversation",
    "ConversationEvent",
    "FirstMessage",
    "Handoff",
    "InboxCounter",
    "InboxEntry",
    "Message",
    "Satisfaction",
    "Scene",
    "Step",
    "Turn",
]
