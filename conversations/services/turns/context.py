"""What a turn may look back on, and which scenes it may open."""

from conversations.models import Conversation, Message
from conversations.services import scenes
from conversations.services.dialogue.window import Line, Role
from conversations.services.sections import ChatSettings
from conversations.services.turns.shapes import Begun
from knowledge.services import tuning
from tenants.services import tenant_settings

_ROLES: dict[str, Role] = {"visitor": "contact", "bot": "bot", "agent": "agent"}


def look_back(begun: Begun) -> None:
    """Give a turn that is to run now its window, its scenes and the parameters of its search."""
    if begun.message.seq > begun.conversation.window_start_seq + 1:
        begun.window = window(begun.conversation, before=begun.message.seq)
    begun.scenes = scenes.offered()
    begun.params = tuning.effective()


def window(conversation: Conversation, *, before: int) -> tuple[Line, ...]:
    """Return the last turns of the conversation's window before a number, oldest first."""
    most = 2 * tenant_settings.get(ChatSettings).max_history_turns
    rows = (
        Message.objects.filter(
            conversation=conversation,
            seq__gt=conversation.window_start_seq,
            seq__lt=before,
            author__in=_ROLES,
        )
        .order_by("-seq")
        .only("author", "content", "kind")[:most]
    )
    return tuple(Line(_ROLES[row.author], row.content, row.kind) for row in reversed(rows))  # type: ignore[arg-type]
