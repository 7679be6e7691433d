"""One turn at a time in a conversation; later ones wait in the order of their ids, in whichever process they are.

A turn is held by a lease. Whoever finds an open turn with its lease over gives it up for its dead owner and goes on.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation, Turn
from conversations.services import sequencing
from conversations.services.turns import context, responses
from conversations.services.turns.shapes import Begun, lease_is_over
from kimono.lib.ids import random_part

Verdict = Literal["go_on", "stop", "taken_over", "lost"]


def lease() -> timedelta:
    """Return how long a turn is held without being renewed."""
    return timedelta(seconds=settings.TURN_LEASE_SECONDS)


def new_owner() -> str:
    """Return a name for one worker on one turn."""
    return f"{socket.gethostname()[:16]}.{os.getpid()}.{random_part(8)}"


def give_up_abandoned(conversation: Conversation, *, now: datetime) -> list[Turn]:
    """Fail the abandoned turns of a conversation whose row is locked, and return those that are still open."""
    alive: list[Turn] = []
    for turn in Turn.objects.filter(conversation=conversation, status__in=Turn.OPEN).order_by("id"):
        if lease_is_over(turn, now=now):
            abandon(turn, now=now)
        else:
            alive.append(turn)
    return alive


def abandon(turn: Turn, *, now: datetime) -> None:
    """Fail a turn whose process died; its message stays, and sending it again runs it anew."""
    turn.status, turn.error, turn.finished_at = Turn.Status.FAILED, "abandoned", now
    turn.duration_ms = int((now - turn.created_at).total_seconds() * 1000)
    turn.save(update_fields=["status", "error", "finished_at", "duration_ms"])


def claim(begun: Begun, *, owner: str) -> Literal["run", "wait", "human", "lost"]:
    """Take a waiting turn when it is its turn; else renew its place in the queue."""
    with transaction.atomic():
        conversation = sequencing.locked(pk=begun.conversation.pk)
        # Read under the lock, or a turn could have begun before the one it waited for had finished.
        now = timezone.now()
        turn = Turn.objects.get(pk=begun.turn.pk)
        if turn.status != Turn.Status.WAITING:
            return "lost"
        turn.lease_until = now + lease()
        turn.lease_owner = owner
        begun.conversation, begun.turn = conversation, turn
        # Also when the person has gone again: what was said before is for that person, the bot begins anew after it.
        if conversation.state != Conversation.State.BOT or conversation.epoch != turn.epoch:
            responses.end_human(begun, now=now)
            turn.save()
            return "human"
        ahead = [each for each in give_up_abandoned(conversation, now=now) if each.pk < turn.pk]
        if not ahead:
            turn.status, turn.started_at, turn.epoch = Turn.Status.RUNNING, now, conversation.epoch
            context.look_back(begun)
        turn.save(update_fields=["status", "started_at", "epoch", "lease_until", "lease_owner"])
    return "wait" if ahead else "run"


def renew(*, turn_pk: int, owner: str, draft: str, now: datetime) -> Verdict:
    """Renew the lease of a running turn, keep its text so far, and tell whether it may go on."""
    held = Turn.objects.filter(pk=turn_pk, status=Turn.Status.RUNNING, lease_owner=owner)
    if not held.update(lease_until=now + lease(), draft=draft):
        return "lost"
    turn = Turn.objects.select_related("conversation").get(pk=turn_pk)
    conversation = turn.conversation
    if conversation.state != Conversation.State.BOT or conversation.epoch != turn.epoch:
        return "taken_over"
    return "stop" if turn.stop_requested else "go_on"
