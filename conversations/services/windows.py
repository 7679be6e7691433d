"""What the bot looks back on."""

from conversations.models import Conversation

WINDOW = (
    "window_start_seq",
    "failed_attempts",
    "down_votes",
    "slots",
    "scene_id",
    "asked_slot",
    "asks",
)


def start_window(conversation: Conversation) -> None:
    """Let the bot begin anew: nothing before this moment counts for it. The row must be stored after (`WINDOW`)."""
    conversation.window_start_seq = conversation.last_seq
    conversation.failed_attempts = conversation.down_votes = 0
    conversation.slots, conversation.scene_id, conversation.asked_slot, conversation.asks = {}, "", "", 0
