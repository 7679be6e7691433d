"""The socket of an operator: `/ws/ops/`."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from conversations.consumers.closings import Closing
from conversations.consumers.lines import Send
from conversations.consumers.numbered import Numbered, Source
from conversations.consumers.resuming import resumed
from conversations.consumers.sockets import Receive, Socket
from conversations.consumers.taking import Taken
from kimono.lib import db
from kimono.lib.errors import Denied, Refusal
from kimono.lib.threads import in_thread
from opsconsole import schemas as frames
from opsconsole.schemas import Topic
from opsconsole.services import feed, figures, watching
from tenants.auth import Principal
from tenants.people.models import User

_TOPICS: Mapping[str, Topic] = {"alert": "alerts", "component": "components", "tenant": "tenants"}
_WATCHED = frozenset({"alerts", "components"})


class OpsSocket(Socket):
    """An operator of the platform: figures every few seconds, and what happens, by topic."""

    pace = "ws_ops"
    max_bytes = 4 * 1024
    on_platform = True

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.takes = {
            "resume": Taken(frames.ResumeIn, self._resume),
            "subscribe": Taken(frames.SubscribeIn, self._subscribe),
        }
        self._topics: frozenset[Topic] = frozenset()
        self._running: dict[Topic, asyncio.Task[None]] = {}

    def may_be_asked(self, principal: Principal | Refusal) -> bool:
        """Tell whether the first frame may name the operator: open mode names nobody here."""
        return super().may_be_asked(principal) or (isinstance(principal, Principal) and principal.open_mode)

    def scope_of(self, principal: Principal) -> db.Scope:
        """Return the platform's own place. Raises `Denied`."""
        if principal.kind != "platform":
            raise Denied
        return db.Scope(tenant=None, schema=db.PUBLIC)

    async def admit(self, principal: Principal) -> None:
        """Let the operator in; either role may look."""

    def places(self) -> list[tuple[str, str]]:
        """Return what this socket counts as."""
        return [("ws_user", self.principal.id)]

    async def begin(self) -> None:
        """Greet the operator and follow the stream."""
        last_seq = (await in_thread(feed.reach)).last
        source = Source(feed.STREAM, feed.group(), feed.reach, _since)
        self._feed = Numbered(
            source, told=last_seq, frame=self.frame, tick=self._tick, wanted=self._is_wanted
        )
        await self.welcome(
            last_seq=last_seq,
            streams=[feed.STREAM],
        )
        self.spawn(self._feed.run())

    def progress(self) -> dict[str, Any]:
        """Return the highest number that was told."""
        return {"last_seq": self._feed.told, "streams": {feed.STREAM: self._feed.told}}

    def spoken_to(self) -> None:
        """Tell the operator what is new from now on."""
        self._feed.go()

    def _is_wanted(self, kind: str) -> bool:
        return _TOPICS[kind] in self._topics

    async def _tick(self) -> None:
        if not await in_thread(_is_operator, self.principal.id):
            raise Closing(4403, "forbidden")

    async def _resume(self, wish: frames.ResumeIn, id: str | None) -> None:
        wishes = {str(name): self._feed.resume(after_seq) for name, after_seq in wish.streams.items()}
        self._feed.go()
        await resumed(wishes, frame=self.frame, id=id, told=lambda name, seq: None)

    async def _subscribe(self, wish: frames.SubscribeIn, id: str | None) -> None:
        self._topics = frozenset(wish.topics)
        await self.frame("ack", id=id, stream=feed.STREAM, seq=self._feed.told, duplicate=False)
        self._keep("metrics", self._count, wanted="metrics" in self._topics)
        self._keep("components", self._watch, wanted=bool(self._topics & _WATCHED))

    def _keep(self, topic: Topic, work: Callable[[], Coroutine[Any, Any, None]], *, wanted: bool) -> None:
        """Have work that goes on for a topic running while that is wanted."""
        running = self._running.pop(topic, None)
        if wanted:
            self._running[topic] = running or self.spawn(work())
        elif running is not None:
            running.cancel()

    async def _count(self) -> None:
        while True:
            await self.frame("metrics", stream=feed.STREAM, **await in_thread(_figures))
            await asyncio.sleep(figures.SECONDS)

    async def _watch(self) -> None:
        """Look after the components beside beat's task, which runs only while queue and workers do."""
        while True:
            await in_thread(_look)
            await asyncio.sleep(settings.WATCH_SECONDS)


def _since(seq: int) -> list[feed.Told]:
    return feed.since(seq, now=timezone.now())


def _look() -> None:
    watching.look(now=timezone.now())


def _figures() -> dict[str, Any]:
    return figures.live(now=timezone.now())


def _is_operator(public_id: str) -> bool:
    return User.objects.filter(public_id=public_id, is_active=True, role__in=User.PLATFORM_ROLES).exists()


async def console(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one operator's socket."""
    await OpsSocket(scope, receive, send).serve()
