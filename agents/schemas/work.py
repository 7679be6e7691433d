"""Shapes of AG-05, AG-06 and AG-10 to AG-13."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, StringConstraints

from conversations.schemas.fields import Short, State
from kimono.lib.cleaning import clean


def _tidy(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


Content = Annotated[str, StringConstraints(min_length=1, max_length=5000), BeforeValidator(_tidy)]
Note = Annotated[str, StringConstraints(max_length=2000), BeforeValidator(_tidy)]


class ActIn(Schema):
    """Who acts, where the caller may say so."""

    agent_id: Short | None = None


class MessageIn(ActIn):
    """AG-06; `canned_reply_id` is the reply that the text was made from."""

    content: Content
    client_message_id: Short | None = None
    canned_reply_id: Short | None = None


class SaidOut(Schema):
    """A message of an agent."""

    message_id: str
    timestamp: str
    role: Literal["assistant"]
    seq: int
    session_id: str
    author: Literal["agent"]
    agent_id: str


class ResolveIn(ActIn):
    """AG-10."""

    note: Note | None = None


class ResolvedOut(Schema):
    """A case that is resolved."""

    session_id: str
    agent_status: str | None
    state: State
    resolved_at: str


class ReleaseIn(ActIn):
    """AG-11."""

    to: Literal["queue", "bot"] = "queue"
    note: Note | None = None


class TransferIn(ActIn):
    """AG-12: exactly one of `to_agent_id` and `to_group` (its id or name)."""

    to_agent_id: Short | None = None
    to_group: Short | None = None
    note: Note | None = None


class TakeOverIn(ActIn):
    """AG-13."""

    force: bool = False
