"""The socket of an agent: `/ws/agent/`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from agents.schemas import frames
from agents.services import desk, presence, seats, speaking
from agents.services.seats import agent_id_of
from conversations.consumers.closings import suspended
from conversations.consumers.lines import Send
from conversations.consumers.numbered import Numbered, Source
from conversations.consumers.resuming import resumed
from conversations.consumers.sockets import Receive, Socket
from conversations.consumers.taking import Taken
from conversations.consumers.watched import Watched
from conversations.services import conversations, doorbell, inbox
from conversations.services.conversations import Reader
from conversations.services.handoffs import Handler
from conversations.services.standing import tenant_is_active
from conversations.services.watching import Resumption
from kimono.lib.cleaning import clean
from kimono.lib.errors import Conflict, Denied, Missing, Refusal
from kimono.lib.threads import in_thread
from tenants.auth import Principal

INBOX = "inbox"
MOST_STREAMS = 50
_EYES = Reader(sees_agents=True)


class TooManyStreams(Conflict):
    """A socket follows only so many conversations."""

    code = "limit_reached"
    detail = f"A socket follows at most {MOST_STREAMS} conversations."


class AgentSocket(Socket):
    """An agent, or somebody who looks on: the inbox, and the conversations that it follows."""

    pace = "ws_agent"
    max_bytes = 64 * 1024

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.takes = {
            "resume": Taken(frames.ResumeIn, self._resume),
            "subscribe": Taken(frames.SubscribeIn, self._subscribe),
            "unsubscribe": Taken(frames.UnsubscribeIn, self._unsubscribe),
            "send": Taken(frames.SendIn, self._said),
            "typing": Taken(frames.TypingIn, self._typing),
            "read": Taken(frames.ReadIn, self._has_read),
            "presence": Taken(frames.PresenceIn, self._presence),
        }
        self._followed: dict[str, tuple[Watched, asyncio.Task[None]]] = {}

    async def admit(self, principal: Principal) -> None:
        """Find the agent. Raises `Denied`."""
        if principal.kind not in ("user", "key") or "agent" not in principal.scopes:
            raise Denied
        self.agent = await in_thread(_agent, principal, self.knock.query.get("agent_id"))

    def places(self) -> list[tuple[str, str]]:
        """Return what this socket counts as."""
        return [("ws_user", self.agent.id)]

    async def begin(self) -> None:
        """Greet the agent and follow the inbox."""
        last_seq = (await in_thread(inbox.reach)).last
        source = Source(INBOX, inbox.group(), inbox.reach, _since)
        self._inbox = Numbered(source, told=last_seq, frame=self.frame, tick=self._tick)
        await self.welcome(
            last_seq=last_seq,
            streams_at_once=MOST_STREAMS,
            agent={"id": self.agent.id, "name": self.agent.name},
            streams=[INBOX],
        )
        self.spawn(self._inbox.run())

    def progress(self) -> dict[str, Any]:
        """Return the highest numbers that were told."""
        streams = {name: watched.told for name, (watched, _) in self._followed.items()}
        told = self._inbox.told
        return {"last_seq": told, "streams": {INBOX: told, **streams}}

    def spoken_to(self) -> None:
        """Tell the agent what is new from now on."""
        self._inbox.go()

    async def heard(self) -> None:
        """Note that the agent is there."""
        if not self.principal.read_only:
            await in_thread(_hear, self.agent.id)

    async def _tick(self) -> None:
        if not await tenant_is_active():
            raise suspended()

    async def _resume(self, wish: frames.ResumeIn, id: str | None) -> None:
        wishes: dict[str, Resumption] = {}
        for name, after_seq in wish.streams.items():
            try:
                wishes[name] = await self._wished(name, after_seq)
            except Refusal as refusal:
                await self.refuse(refusal, id, stream=name)
        self._inbox.go()
        await resumed(wishes, frame=self.frame, id=id, told=self._has_told)

    async def _wished(self, name: str, after_seq: int) -> Resumption:
        if name == INBOX:
            return self._inbox.resume(after_seq)
        await self._follow(name, None)
        return self._followed[name][0].resume(after_seq)

    def _has_told(self, name: str, seq: int) -> None:
        if name in self._followed:
            self._followed[name][0].told = seq

    async def _follow(self, session_id: str, after_seq: int | None) -> int:
        """Begin to follow a conversation, or tell again what came after a number; return its last one. Raises `Missing`."""
        followed = self._followed.get(session_id)
        if followed is None and len(self._followed) >= MOST_STREAMS:
            raise TooManyStreams
        conversation = await in_thread(conversations.get, public_id=session_id, reader=_EYES)
        if followed is not None:
            if after_seq is not None:
                followed[0].resume(after_seq).go_on.set()
            return conversation.last_seq
        seq = conversation.last_seq if after_seq is None else min(after_seq, conversation.last_seq)
        watched = Watched(conversation, reader=_EYES, seq=seq, show=dict, frame=self.frame)
        self._followed[session_id] = watched, self.spawn(watched.run(grace=0))
        return conversation.last_seq

    async def _subscribe(self, wish: frames.SubscribeIn, id: str | None) -> None:
        last_seq = await self._follow(wish.session_id, wish.after_seq)
        await self.frame("ack", id=id, stream=wish.session_id, seq=last_seq, duplicate=False)

    async def _unsubscribe(self, wish: frames.UnsubscribeIn, id: str | None) -> None:
        followed = self._followed.pop(wish.session_id, None)
        if followed is not None:
            followed[1].cancel()
        await self.frame("ack", id=id, stream=wish.session_id, duplicate=followed is None)

    async def _said(self, said: frames.SendIn, id: str | None) -> None:
        self._check_acts()
        stored = await in_thread(
            speaking.say,
            session_id=said.session_id,
            agent=self.agent,
            content=said.content,
            client_message_id=said.client_message_id,
            canned_reply_id=said.canned_reply_id,
            owner=self.principal.id,
            now=timezone.now(),
        )
        await self.frame(
            "ack",
            id=id,
            client_message_id=said.client_message_id,
            message_id=stored.message.public_id,
            stream=said.session_id,
            seq=stored.message.seq,
            duplicate=stored.repeat,
        )

    async def _typing(self, typing: frames.TypingIn, id: str | None) -> None:
        self._check_acts()
        group = self._group(typing.session_id)
        # A colleague who looks on may type what it will: the contact hears of the one who answers.
        if await in_thread(desk.answers, agent_id=self.agent.id, session_id=typing.session_id):
            doorbell.say(group, {"type": "typing", "data": {"author": "agent", "on": typing.on}})

    async def _has_read(self, read: frames.ReadIn, id: str | None) -> None:
        self._check_acts()
        group = self._group(read.session_id)
        await in_thread(desk.has_read, agent_id=self.agent.id, session_id=read.session_id, seq=read.seq)
        seq = min(read.seq, self._followed[read.session_id][0].told)
        doorbell.say(group, {"type": "read", "data": {"author": "agent", "seq": seq}})

    async def _presence(self, wish: frames.PresenceIn, id: str | None) -> None:
        self._check_acts()
        await in_thread(_choose, self.agent.id, wish.status)
        await self.frame("ack", id=id, duplicate=False)

    def _group(self, session_id: str) -> str:
        if session_id not in self._followed:
            raise Missing
        return self._followed[session_id][0].group

    def _check_acts(self) -> None:
        if self.principal.read_only:
            raise Denied


def _agent(principal: Principal, agent_id: str | None) -> Handler:
    if principal.read_only:
        return Handler(id=principal.id, name=principal.name)
    named = (
        agent_id
        if principal.kind == "key"
        else agent_id_of(by=principal.actor(), role=principal.role, agent_id=None)
    )
    seat = seats.acting(
        by=principal.actor(),
        role=principal.role,
        agent_id=clean(named or "")[:64] or None,
        now=timezone.now(),
    )
    return Handler(id=seat.agent_id, name=seat.name, supervisor=principal.role == seats.SUPERVISOR)


def _since(seq: int) -> list[desk.Told]:
    return desk.since(seq, now=timezone.now())


def _hear(agent_id: str) -> None:
    now = timezone.now()
    seat = seats.find(agent_id=agent_id, now=now)
    if seat is not None:
        seats.hear(seat, now=now)


def _choose(agent_id: str, status: seats.PresenceName) -> None:
    now = timezone.now()
    seat = seats.find(agent_id=agent_id, now=now)
    if seat is None:
        raise Missing
    presence.choose(seat=seat, status=status, now=now)


async def agent(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one agent's socket."""
    await AgentSocket(scope, receive, send).serve()
