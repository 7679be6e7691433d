"""Seats: who may act as which agent, and what each has to do."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count

from agents.models import Seat
from conversations.models import Conversation
from kimono.lib.errors import Denied, Invalid
from tenants.people.models import User
from tenants.services.auditing import Actor

DEFAULT_AGENT = "agent-default"
SUPERVISOR = "merchant_admin"
ANSWERING: frozenset[str] = frozenset({User.Role.AGENT, User.Role.MERCHANT_ADMIN})
PresenceName = Literal["online", "away", "offline"]
# A sign of life is written down at most this often.
_TOUCH = timedelta(seconds=10)


def agent_id_of(*, by: Actor, role: str, agent_id: str | None) -> str:
    """Return the agent that a caller speaks for. A user is its own agent; a supervisor may name another, a key any.

    Raises `Denied`.
    """
    if by.kind != "user":
        return agent_id or DEFAULT_AGENT
    if agent_id and agent_id != by.id and role != SUPERVISOR:
        raise Denied
    return agent_id or by.id


def acting(
    *, by: Actor, role: str, agent_id: str | None, session_id: str | None = None, now: datetime
) -> Seat:
    """Return the seat that a caller acts from, made on its first act; acting is a sign of life.

    A key that names nobody speaks in a conversation for the agent who has it. Raises `Denied`, and `Invalid` when a
    supervisor names somebody unknown.
    """
    if by.kind != "user" and not agent_id and session_id is not None:
        agent_id = _holder(session_id)
    named = agent_id_of(by=by, role=role, agent_id=agent_id)
    seat = find(agent_id=named, now=now)
    if seat is None:
        if by.kind == "user":
            raise Invalid("there is no such agent", loc=["body", "agent_id"])
        seat = _made(named, Seat.Kind.EXTERNAL, named, now)
    hear(seat, now=now)
    return seat


def _holder(session_id: str) -> str | None:
    rows = Conversation.objects.filter(public_id=session_id, state=Conversation.State.ASSIGNED)
    return rows.values_list("assigned_agent_id", flat=True).first()


def find(*, agent_id: str, now: datetime) -> Seat | None:
    """Return an agent's seat; a user who may answer gets one. None for somebody unknown or shut out."""
    user = User.objects.filter(public_id=agent_id).first()
    if user is not None:
        if not user.is_active or user.role not in ANSWERING:
            return None
        return _made(agent_id, Seat.Kind.USER, str(user), now)
    return Seat.objects.filter(agent_id=agent_id, kind=Seat.Kind.EXTERNAL).first()


def _made(agent_id: str, kind: Seat.Kind, name: str, now: datetime) -> Seat:
    seat, new = Seat.objects.get_or_create(
        agent_id=agent_id,
        defaults={"kind": kind, "name": name[:100], "chosen_at": now, "created_at": now},
    )
    if not new and kind == Seat.Kind.USER and seat.name != name[:100]:
        seat.name = name[:100]
        seat.save(update_fields=["name"])
    return seat


def hear(seat: Seat, *, now: datetime) -> None:
    """Note a sign of life of an agent: of its socket, or of anything it does."""
    if seat.seen_at is not None and seat.seen_at + _TOUCH > now:
        return
    if seat.presence(now)[0] != seat.chosen:
        seat.chosen_at = now
    seat.seen_at = now
    seat.save(update_fields=["seen_at", "chosen_at"])


def everybody(*, now: datetime) -> list[Seat]:
    """Return the seats of all who may answer, users first by name; who never acted has one that is not stored yet."""
    stored = {seat.agent_id: seat for seat in Seat.objects.prefetch_related("groups")}
    found = []
    for user in User.objects.filter(is_active=True, role__in=ANSWERING).order_by("username"):
        seat = stored.get(user.public_id) or Seat(
            agent_id=user.public_id, kind=Seat.Kind.USER, chosen_at=user.created_at, created_at=now
        )
        seat.name = str(user)[:100]
        found.append(seat)
    external = [seat for seat in stored.values() if seat.kind == Seat.Kind.EXTERNAL]
    return found + sorted(external, key=lambda seat: seat.name)


def loads(agent_ids: Collection[str]) -> Mapping[str, int]:
    """Return how many conversations each of these agents has; who has none is not in it."""
    rows = (
        Conversation.objects.filter(state=Conversation.State.ASSIGNED, assigned_agent_id__in=list(agent_ids))
        .values("assigned_agent_id")
        .annotate(n=Count("pk"))
    )
    return {row["assigned_agent_id"]: row["n"] for row in rows}
