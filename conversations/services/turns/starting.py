"""The beginning of a turn: the message is stored, once, and the turn gets its place."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from conversations.models import Conversation, FirstMessage, Message, Turn
from conversations.services import conversations, inbox, sequencing
from conversations.services.turns import context, ordering, responses
from conversations.services.turns.shapes import Begun, BodyDiffers, Incoming, Sender, lease_is_over
from kimono.lib.errors import Missing
from kimono.lib.ids import new_id

_REMEMBERED = timedelta(hours=24)
_TAKEN = ("turn_count", "user_id", "user_verified", "metadata", "member_level", "language")


def start(*, incoming: Incoming, sender: Sender, owner: str, now: datetime) -> Begun:
    """Store a contact's message and begin its turn; a message sent again finds the turn it has.

    Raises `Missing` (a visitor and another session), `Closed`, `BodyDiffers`.
    """
    with transaction.atomic():
        conversation = _conversation(incoming, sender, now)
        newborn = conversation.last_seq == 0
        message = _earlier(conversation, incoming)
        if message is not None:
            turn = message.turns.order_by("-id").first()
            if turn is not None and turn.status != Turn.Status.FAILED and not lease_is_over(turn, now=now):
                return Begun(turn=turn, conversation=conversation, message=message, place="repeat")
        if conversation.state == Conversation.State.CLOSED:
            raise sequencing.Closed
        reopened = conversation.state == Conversation.State.RESOLVED
        if reopened:
            conversations.reopen(conversation, now=now)
        if message is None:
            message = _store_message(conversation, incoming, sender, now)
        begun = _begin_turn(conversation, message, incoming, owner, now, newborn=newborn)
        sequencing.store(conversation, *_TAKEN, *(conversations.REOPENED if reopened else ()), now=now)
        if message is not None and conversation.state == Conversation.State.PENDING:
            inbox.add("queue.updated", conversation, reason="message", now=now)
    return begun


def _conversation(incoming: Incoming, sender: Sender, now: datetime) -> Conversation:
    """Return the message's conversation with its row locked; begin it where it is new."""
    public_id = incoming.session_id or sender.session_id
    if sender.session_id is not None and public_id != sender.session_id:
        raise Missing
    if public_id is not None:
        found = Conversation.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
        if found is not None:
            return found
        if not sender.vouched:
            raise Missing
        return _begin(incoming, now, public_id)
    if incoming.client_message_id is None:
        return _begin(incoming, now, None)
    return _first(incoming, sender, incoming.client_message_id, now)


def _begin(incoming: Incoming, now: datetime, public_id: str | None) -> Conversation:
    return conversations.begin(
        now=now,
        public_id=public_id,
        channel=incoming.channel or "web",
        user_id=incoming.user_id,
        verified=True,
        language=incoming.language or "",
        metadata=incoming.metadata,
        member_level=incoming.member_level,
    )


def _first(incoming: Incoming, sender: Sender, client_message_id: str, now: datetime) -> Conversation:
    """Return the conversation that this first message began within the last day, or begin it."""
    with connection.cursor() as cursor:
        # Repeats in flight wait here for the first one, so that all of them find its conversation.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))",
            [f"first|{sender.principal}|{client_message_id}"],
        )
    first = FirstMessage.objects.filter(
        principal=sender.principal, client_message_id=client_message_id
    ).first()
    if first is not None and now - first.created_at <= _REMEMBERED:
        return sequencing.locked(pk=first.conversation_id)
    conversation = _begin(incoming, now, None)
    FirstMessage.objects.update_or_create(
        principal=sender.principal,
        client_message_id=client_message_id,
        defaults={"conversation": conversation, "created_at": now},
    )
    return conversation


def _earlier(conversation: Conversation, incoming: Incoming) -> Message | None:
    """Return the message stored under this id before. Raises `BodyDiffers`."""
    if incoming.client_message_id is None:
        return None
    message = Message.objects.filter(
        conversation=conversation, client_message_id=incoming.client_message_id
    ).first()
    if message is not None and message.body_hash != incoming.body_hash:
        raise BodyDiffers
    return message


def _store_message(conversation: Conversation, incoming: Incoming, sender: Sender, now: datetime) -> Message:
    conversation.turn_count += 1
    if sender.vouched and incoming.user_id and not conversation.user_id:
        conversation.user_id, conversation.user_verified = incoming.user_id, True
    if sender.vouched and incoming.member_level:
        conversation.member_level = incoming.member_level
    if incoming.metadata:
        conversation.metadata = {**conversation.metadata, **incoming.metadata}
    if incoming.language:
        conversation.language = incoming.language
    message = sequencing.add_message(
        conversation,
        role=Message.Role.USER,
        author=Message.Author.VISITOR,
        content=incoming.text,
        client_message_id=incoming.client_message_id,
        body_hash=incoming.body_hash,
        now=now,
    )
    sequencing.tell(conversation, message)
    return message


def _begin_turn(
    conversation: Conversation,
    message: Message,
    incoming: Incoming,
    owner: str,
    now: datetime,
    *,
    newborn: bool,
) -> Begun:
    human = conversation.is_human
    # Nothing came before a first message, so there is nobody to wait for.
    waits = not human and not newborn and bool(ordering.give_up_abandoned(conversation, now=now))
    turn = Turn(
        public_id=new_id("turn"),
        trace_id=new_id("trace"),
        conversation=conversation,
        user_message=message,
        reply_public_id=new_id("msg"),
        entry=incoming.entry,
        status=Turn.Status.WAITING if waits else Turn.Status.RUNNING,
        epoch=conversation.epoch,
        number=conversation.turn_count,
        language=incoming.language or "",
        lease_owner=owner,
        lease_until=now + ordering.lease(),
        created_at=now,
        started_at=None if waits else now,
    )
    begun = Begun(turn=turn, conversation=conversation, message=message, place="run", given=incoming.slots)
    if human:
        begun.place = "human"
        responses.end_human(begun, now=now)
    elif waits:
        begun.place = "wait"
    else:
        context.look_back(begun)
    turn.save(force_insert=True)
    return begun
