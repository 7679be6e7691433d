"""The socket of a contact: `/ws/chat/`."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from conversations.consumers.lines import Send
from conversations.consumers.resuming import resumed
from conversations.consumers.sockets import Receive, Socket
from conversations.consumers.taking import Taken
from conversations.consumers.watched import Watched
from conversations.schemas import frames
from conversations.schemas.chat import CsatIn, FeedbackIn
from conversations.services import (
    chatting,
    conversations,
    doorbell,
    escalations,
    payloads,
    satisfaction,
    signing,
    votes,
)
from conversations.services.conversations import Reader
from conversations.services.turns import stopping
from conversations.services.turns.shapes import Incoming, Sender
from kimono.lib.errors import Denied, Missing
from kimono.lib.threads import in_thread
from tenants.auth import Principal
from tenants.services import limits


class ChatSocket(Socket):
    """A contact, or the merchant's program that speaks for one: it sees its conversation and nothing else."""

    pace = "ws_chat"
    max_bytes = 16 * 1024
    cookies = False
    token_in_address = True
    listed_sites = True

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.takes = {
            "resume": Taken(frames.ResumeIn, self._resume),
            "send": Taken(frames.SendIn, self._said),
            "typing": Taken(frames.TypingIn, self._typing),
            "read": Taken(frames.ReadIn, self._has_read),
            "escalate": Taken(frames.EscalateIn, self._escalate),
            "feedback": Taken(FeedbackIn, self._feedback),
            "csat": Taken(CsatIn, self._rate),
            "stop": Taken(frames.StopIn, self._stop),
        }
        self.attended = self._attended
        self._is_greeted = False

    async def admit(self, principal: Principal) -> None:
        """Find the conversation. Raises `Denied`, `Missing`."""
        named = self.knock.query.get("session_id")
        if principal.kind == "visitor":
            session_id = principal.session_id
            if named is not None and named != session_id:
                raise Missing
        elif principal.kind == "key" and "chat" in principal.scopes:
            session_id = named or ""
        else:
            raise Denied
        self.reader = Reader(session_id=session_id)
        self.sender = Sender(
            kind=principal.kind,
            id=principal.id,
            session_id=session_id if principal.kind == "visitor" else None,
        )
        self.conversation = await in_thread(conversations.get, public_id=session_id, reader=self.reader)
        show = signing.signed_message if principal.kind == "visitor" else dict
        self.watched = Watched(
            self.conversation,
            reader=self.reader,
            seq=self.conversation.last_seq,
            show=show,
            frame=self.frame,
        )

    def places(self) -> list[tuple[str, str]]:
        """Return what this socket counts as."""
        return [("ws_session", self.conversation.public_id), ("ws_ip", self.principal.ip or "")]

    async def begin(self) -> None:
        """Greet the contact and follow its conversation."""
        show = payloads.own_session if self.principal.kind == "visitor" else payloads.session
        await self.welcome(
            last_seq=self.conversation.last_seq,
            session=await in_thread(show, self.conversation),
        )
        self._is_greeted = True
        self.spawn(self.watched.run())

    def progress(self) -> dict[str, Any]:
        """Return the highest number that was told."""
        return {"last_seq": self.watched.told}

    def spoken_to(self) -> None:
        """Tell the client what is new from now on."""
        self.watched.go()

    def _attended(self, agents_online: int) -> None:
        if self._is_greeted:
            self.spawn(self.frame("presence", agents_online=agents_online))

    async def _resume(self, wish: frames.ResumeIn, id: str | None) -> None:
        resumption = self.watched.resume(wish.after_seq)
        wishes = {self.conversation.public_id: resumption}
        await resumed(wishes, frame=self.frame, id=id, told=self._has_told)

    def _has_told(self, name: str, seq: int) -> None:
        self.watched.told = seq

    async def _said(self, said: frames.SendIn, id: str | None) -> None:
        principal = self.principal
        await in_thread(
            limits.count, ("chat",), principal_id=principal.id, kind=principal.kind, ip=principal.ip
        )
        begun = await chatting.begin(
            incoming=Incoming(
                text=said.content,
                entry="socket",
                session_id=self.conversation.public_id,
                channel=self.conversation.channel,
                client_message_id=said.client_message_id,
            ),
            sender=self.sender,
        )
        await self.frame(
            "ack",
            id=id,
            client_message_id=said.client_message_id,
            message_id=begun.message.public_id,
            stream=self.conversation.public_id,
            seq=begun.message.seq,
            duplicate=begun.repeat,
        )

    async def _typing(self, typing: frames.TypingIn, id: str | None) -> None:
        self._say("typing", on=typing.on)

    async def _has_read(self, read: frames.ReadIn, id: str | None) -> None:
        self._say("read", seq=min(read.seq, self.watched.told))

    def _say(self, kind: str, **data: Any) -> None:
        # Who said it is told, so that its own sockets may leave it out.
        doorbell.say(self.watched.group, {"type": kind, "data": {"author": "visitor", **data}})

    async def _escalate(self, wish: frames.EscalateIn, id: str | None) -> None:
        await in_thread(
            escalations.ask_for_person,
            session_id=self.conversation.public_id,
            reader=self.reader,
            reason=wish.reason or "",
            priority=None,
            now=timezone.now(),
        )
        await self._ack(id)

    async def _feedback(self, given: FeedbackIn, id: str | None) -> None:
        stored = await in_thread(
            votes.cast,
            session_id=self.conversation.public_id,
            reader=self.reader,
            message_id=given.message_id,
            rating=given.rating,
            comment=given.comment or "",
            corrected=given.corrected_answer or "",
            by=self.principal.actor(),
            now=timezone.now(),
        )
        await self._ack(id, feedback_id=stored["feedback_id"])

    async def _rate(self, given: CsatIn, id: str | None) -> None:
        await in_thread(
            satisfaction.rate,
            session_id=self.conversation.public_id,
            reader=self.reader,
            score=given.score,
            resolved=given.resolved,
            comment=given.comment or "",
            now=timezone.now(),
        )
        await self._ack(id)

    async def _stop(self, wish: frames.StopIn, id: str | None) -> None:
        stopped = await stopping.stop(
            session_id=self.conversation.public_id,
            reader=self.reader,
            message_id=wish.message_id,
            now=timezone.now(),
        )
        await self._ack(id, stopped=stopped["stopped"], message_id=stopped["message_id"])

    async def _ack(self, id: str | None, **more: Any) -> None:
        await self.frame("ack", id=id, duplicate=False, **more)


async def chat(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one contact's socket."""
    await ChatSocket(scope, receive, send).serve()
