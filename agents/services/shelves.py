"""The lists of the workbench: what waits, what is one's own, what nobody has, where one is named, and all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import urlencode

from agents.services import cases, noting
from agents.services.cases import Confidence
from agents.services.sections import AgentsSettings
from conversations.models import Conversation
from conversations.services import handoffs
from tenants.services import tenant_settings

Tab = Literal["waiting", "mine", "unassigned", "mentions", "all"]
TABS: tuple[Tab, ...] = ("waiting", "mine", "unassigned", "mentions", "all")
MOST = 100
# Of what waits the most urgent first, of equals the one that waits longest; of all else the latest.
_ORDER = {True: ("rank", "open_handoff__pending_since", "pk"), False: ("-last_activity_at", "-pk")}
_STATES: Mapping[Tab, tuple[str, ...]] = {
    "waiting": (Conversation.State.PENDING,),
    "mine": (Conversation.State.ASSIGNED,),
    "unassigned": (Conversation.State.BOT, Conversation.State.PENDING),
    "mentions": (),
    "all": (),
}
ICONS = {"bot": "bot", "pending": "clock", "assigned": "person", "resolved": "check", "closed": "close"}


def visitor_number(visitor_id: str) -> str:
    """Return how a contact without a name of its own is told from others."""
    return visitor_id.removeprefix("vis-")[:4].upper()


@dataclass(frozen=True)
class Row:
    """One conversation of a list, with what was said in it last, or what it is about.

    `late` when its contact has waited longer than the merchant promises; `named` when a colleague's note that the
    agent has not read names it.
    """

    conversation: Conversation
    last: str
    unread: int
    waiting_since: datetime | None
    late: bool
    named: bool

    @property
    def at(self) -> datetime:
        """Return when something happened last."""
        return self.conversation.last_activity_at

    @property
    def number(self) -> str:
        """Return how a contact without a name of its own is told from others."""
        return visitor_number(self.conversation.visitor_id)

    @property
    def icon(self) -> str:
        """Return the name of the icon for the state."""
        return ICONS[self.conversation.state]


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; an empty one narrows nothing."""

    text: str = ""
    state: str = ""
    priority: str = ""
    channel: str = ""
    tag: str = ""
    agent_id: str = ""
    group_id: str = ""
    score: str = ""
    confidence: str = ""

    def given(self) -> dict[str, str]:
        """Return those that are set, by name."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Shelf:
    """A list: its rows, whether there are more, how much waits, is one's own, and names the agent unread."""

    tab: Tab
    rows: Sequence[Row]
    more: bool
    waiting: int
    mine: int
    mentions: int
    filters: Filters = field(default_factory=Filters)

    @property
    def narrowed(self) -> bool:
        """Tell whether it is narrowed by more than a search."""
        return bool(self.filters.given().keys() - {"text"})

    @property
    def query(self) -> str:
        """Return what an address says to show this list."""
        return urlencode({"tab": self.tab, **self.filters.given()})

    @property
    def tabs(self) -> list[tuple[Tab, str, int | None]]:
        """Return the lists: name, what an address says to show it, how much is in it where that is counted."""
        counts = {"waiting": self.waiting, "mine": self.mine, "mentions": self.mentions}
        given = self.filters.given()
        return [(tab, urlencode({"tab": tab, **given}), counts.get(tab)) for tab in TABS]


def listed(*, tab: Tab, viewer: str, filters: Filters, now: datetime) -> Shelf:
    """Return a list: what waits by urgency and time, everything else by what happened last; at most `MOST` rows."""
    rows = cases.listed(
        viewer=viewer,
        scope="mine" if tab == "mine" else "all",
        priority=filters.priority or None,
        agent_id=filters.agent_id or None,
        group_id=filters.group_id or None,
        tag=filters.tag or None,
        state=filters.state or None,
        channel=filters.channel or None,
        text=filters.text or None,
        score=int(filters.score) if filters.score else None,
        confidence=cast(Confidence, filters.confidence) or None,
    )
    if tab == "mentions":
        rows = rows.filter(noting.naming(viewer))
    if _STATES[tab] and not filters.state:
        rows = rows.filter(state__in=_STATES[tab])
    found: list[Any] = list(
        rows.annotate(rank=handoffs.rank()).order_by(*_ORDER[tab == "waiting"])[: MOST + 1]
    )
    return Shelf(
        tab=tab,
        rows=_rows(found[:MOST], viewer, now),
        more=len(found) > MOST,
        waiting=Conversation.objects.filter(state=Conversation.State.PENDING).count(),
        mine=Conversation.objects.filter(state=Conversation.State.ASSIGNED, assigned_agent_id=viewer).count(),
        mentions=noting.unread(viewer).values("conversation").distinct().count(),
        filters=filters,
    )


def _rows(found: Sequence[Any], viewer: str, now: datetime) -> list[Row]:
    promised = tenant_settings.get(AgentsSettings).sla_seconds
    wire = cases.rows(found, now=now)
    named = noting.unread_in(viewer, [conversation.pk for conversation in found])
    rows = []
    for conversation, known in zip(found, wire, strict=True):
        waited = known["waiting_seconds"]
        rows.append(
            Row(
                conversation=conversation,
                last=known["last_message"] or known["summary"],
                unread=known["unread"],
                waiting_since=_since(conversation, waited, now),
                late=promised is not None and waited > promised,
                named=conversation.pk in named,
            )
        )
    return rows


def _since(conversation: Conversation, waited: int, now: datetime) -> datetime | None:
    if conversation.open_handoff is not None and conversation.state == Conversation.State.PENDING:
        return conversation.open_handoff.pending_since
    return conversation.last_activity_at if waited else None
