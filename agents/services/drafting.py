"""What a conversation is about: what its contact asked last, and what solved it."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.models import Message
from conversations.services import conversations
from conversations.services.conversations import Reader
from conversations.services.dialogue import intents, rewriting
from conversations.services.dialogue.window import Line, Role

# What was said before so many messages is another matter.
_WINDOW = 20
_ROLES: dict[str, Role] = {"visitor": "contact", "bot": "bot", "agent": "agent"}
_NO_QUESTION = frozenset({"transfer_to_human", "chitchat"})


@dataclass(frozen=True)
class Said:
    """The end of a conversation, oldest first, and the language that its contact chose."""

    lines: Sequence[Line]
    language: str


def question_of(lines: Sequence[Line]) -> str:
    """Return what the contact asked last, as a question that stands by itself; empty when it asked nothing.

    A greeting, or the wish for a person, is no question.
    """
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if line.role == "contact" and _asks(line.text):
            return rewriting.rewrite(line.text, lines[:place]).text
    return ""


def _asks(text: str) -> bool:
    return intents.recognise(text).intent not in _NO_QUESTION


def said(*, session_id: str) -> Said:
    """Return the end of a conversation. Raises `Missing`."""
    conversation = conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    rows = Message.objects.filter(conversation=conversation, author__in=_ROLES).order_by("-seq")[:_WINDOW]
    lines = [Line(_ROLES[row.author], row.content) for row in reversed(rows)]
    return Said(lines, conversation.language)


@dataclass(frozen=True)
class Solved:
    """What an agent is about to write down: the contact's question, and what solved it."""

    question: str
    solution: str


def solved(*, session_id: str) -> Solved:
    """Return what the contact asked last and what an agent answered to it at greatest length. Raises `Missing`."""
    lines = said(session_id=session_id).lines
    answers = [line.text for line in lines if line.role == "agent"]
    return Solved(question_of(lines), max(answers, key=len, default=""))
