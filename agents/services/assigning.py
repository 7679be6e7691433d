"""Who gets what waits, where the merchant leaves that to the system (`agents.assignment` is `least_busy`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from agents.models import Group, Seat
from agents.services import seats
from agents.services.sections import AgentsSettings
from conversations.models import Conversation, Handoff
from conversations.services import handoffs
from conversations.services.handoffs import Handler
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM

# In one go; what is left then waits for the next.
_MOST = 100


def assign_waiting(*, now: datetime) -> list[str]:
    """Give what waits to whoever is there, has room and has least to do; return the conversations that were given.

    The most urgent first; what waits in a group goes to its agents alone. Any number of these may run at once: each
    takes conversations and seats that no other is looking at.
    """
    if tenant_settings.get(AgentsSettings).assignment != "least_busy":
        return []
    given: list[str] = []
    passed_over: list[int] = []
    for _ in range(_MOST):
        with transaction.atomic():
            conversation = _next(passed_over)
            if conversation is None:
                break
            seat = _free_seat(conversation.group_id, now)
            if seat is None:
                passed_over.append(conversation.pk)
                continue
            agent = Handler(id=seat.agent_id, name=seat.name)
            handoffs.accept(session_id=conversation.public_id, agent=agent, by=SYSTEM, now=now)
            given.append(conversation.public_id)
    return given


def _next(passed_over: Sequence[int]) -> Conversation | None:
    """Return the conversation that is to be served next and that nobody has locked, locked."""
    return (
        Conversation.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(state=Conversation.State.PENDING)
        .exclude(pk__in=passed_over)
        .annotate(rank=handoffs.rank())
        .order_by("rank", "open_handoff__pending_since", "pk")
        .first()
    )


def _free_seat(group_id: str, now: datetime) -> Seat | None:
    """Return the seat that has least to do, of equals the one whose last conversation is longest ago, locked."""
    heard = now - timedelta(seconds=settings.PRESENCE_SECONDS)
    there = Seat.objects.filter(chosen=Seat.Presence.ONLINE, seen_at__gt=heard)
    # A group may be deleted while something is given to it: that waits for everybody, or it would for ever.
    if group_id and Group.objects.filter(public_id=group_id).exists():
        there = there.filter(groups__public_id=group_id)
    found = list(there)
    loads = seats.loads([seat.agent_id for seat in found])
    latest = dict(
        Handoff.objects.filter(agent_id__in=[seat.agent_id for seat in found])
        .values_list("agent_id")
        .annotate(last=Max("accepted_at"))
    )
    never = now - timedelta(days=36_500)
    found.sort(key=lambda seat: (loads.get(seat.agent_id, 0), latest.get(seat.agent_id) or never, seat.pk))
    for seat in found:
        if loads.get(seat.agent_id, 0) < seat.capacity and (locked := _locked(seat, now)) is not None:
            return locked
    return None


def _locked(seat: Seat, now: datetime) -> Seat | None:
    """Return a seat locked, unless another is giving it something, or it has filled up or gone in the meantime."""
    locked = Seat.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=seat.pk).first()
    if locked is None or seats.find(agent_id=seat.agent_id, now=now) is None:
        return None
    has_room = seats.loads([seat.agent_id]).get(seat.agent_id, 0) < locked.capacity
    return locked if has_room and locked.presence(now)[0] == Seat.Presence.ONLINE else None
