"""The passage from the bot to a person: requested, accepted, closed. At most one is open in a conversation.

Each step is one function that takes the conversation's row, checks its state, writes state, passage and event together
and raises `epoch`, so that whatever the bot was still writing is dropped.
"""

from conversations.services.handoffs.closing import resolve, return_to_bot, withdraw
from conversations.services.handoffs.giving import release, transfer
from conversations.services.handoffs.parts import (
    AlreadyAssigned,
    Handler,
    NotYours,
    check_holds,
    check_speaks,
)
from conversations.services.handoffs.requesting import REQUESTED, request
from conversations.services.handoffs.silence import release_silent
from conversations.services.handoffs.taking import TAKEN_OVER, TAKEOVER, accept, take_over
from conversations.services.handoffs.waiting import (
    estimated_wait_seconds,
    queue_position,
    queue_positions,
    rank,
)

__all__ = [
    "REQUESTED",
    "TAKEN_OVER",
    "TAKEOVER",
    "AlreadyAssigned",
    "Handler",
    "NotYours",
    "accept",
    "check_holds",
    "check_speaks",
    "estimated_wait_seconds",
    "queue_position",
    "queue_positions",
    "rank",
    "release",
    "release_silent",
    "request",
    "resolve",
    "return_to_bot",
    "take_over",
    "transfer",
    "withdraw",
]
