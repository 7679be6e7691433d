"""The states of a conversation: whatever happens in whatever order, what must hold holds."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conversations.models import Conversation, ConversationEvent, Handoff, InboxEntry, Message, Turn
from conversations.services import conversations, escalations, handoffs, messages, sequencing
from conversations.services.dialogue.reply import Reply, Transfer
from conversations.services.handoffs import Handler, NotYours
from conversations.services.sequencing import Closed
from conversations.services.turns import finishing, ordering, starting
from conversations.services.turns.shapes import Begun
from kimono.lib.errors import Conflict, Denied
from tenants.services.auditing import SYSTEM
from tests.conversations import talking
from tests.conversations.talking import AGENT_EYES, KEY

State = Conversation.State
AGENTS = (
    Handler("agent-1", "一号"),
    Handler("agent-2", "二号"),
    Handler("usr-boss", "店长", supervisor=True),
)


class Life(RuleBasedStateMachine):
    """One conversation, to which anything may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.session_id = ""
        self.running: list[Begun] = []
        self.seen_seq = 0
        self.seen_epoch = 0
        self.handler: str | None = None
        self.messages = 0
        self._say("你好")

    def row(self) -> Conversation:
        return Conversation.objects.select_related("open_handoff").get(public_id=self.session_id)

    def _say(self, text: str) -> None:
        incoming = talking.incoming(text, self.session_id or None)
        begun = starting.start(incoming=incoming, sender=KEY, owner="w", now=talking.now())
        self.session_id = begun.conversation.public_id
        self.messages += 1
        if begun.place != "human":
            self.running.append(begun)

    @rule()
    def the_contact_writes(self) -> None:
        closed = self.row().state == State.CLOSED
        try:
            self._say("还在吗")
        except Closed:
            assert closed
        else:
            assert not closed
            assert self.row().state != State.RESOLVED

    @precondition(lambda self: self.running)
    @rule(transfers=st.booleans())
    def the_bot_finishes(self, transfers: bool) -> None:
        begun = self.running.pop(0)
        place = "run" if begun.place == "run" else ordering.claim(begun, owner="w")
        if place == "human":
            return
        assert place == "run"
        before = self.row()
        still_its_own = before.state == State.BOT and before.epoch == begun.turn.epoch
        transfer = Transfer("no_answer", "", "normal", {}) if transfers else None
        reply = Reply(
            text="好的",
            kind="answer",
            outcome="transferred" if transfers else "answered",
            intent="knowledge_qa",
            language="zh",
            transfer=transfer,
        )
        turn = finishing.commit(
            begun=begun,
            reply=reply,
            steps=[],
            owner="w",
            first_token_ms=None,
            stopped=False,
            now=talking.now(),
        )
        if still_its_own:
            assert turn.reply is not None
            self.messages += 1
            assert self.row().state == (State.PENDING if transfers else State.BOT)
        else:
            assert turn.reply is None
            assert turn.outcome == Turn.Outcome.TAKEN_OVER
            assert self.row().last_seq == before.last_seq

    @rule()
    def a_person_is_asked_for(self) -> None:
        before = self.row()
        try:
            escalations.ask_for_person(
                session_id=self.session_id, reader=AGENT_EYES, reason="", priority=None, now=talking.now()
            )
        except Closed:
            assert before.state == State.CLOSED
        else:
            after = self.row()
            assert after.state in (State.PENDING, State.ASSIGNED)
            if before.open_handoff is not None:
                assert after.open_handoff == before.open_handoff

    @rule(agent=st.sampled_from(AGENTS), takes_over=st.booleans(), force=st.booleans())
    def an_agent_takes_it(self, agent: Handler, takes_over: bool, force: bool) -> None:
        before = self.row()
        given = {"session_id": self.session_id, "agent": agent, "by": SYSTEM, "now": talking.now()}
        try:
            if takes_over:
                handoffs.take_over(**given, force=force)
            else:
                handoffs.accept(**given)
        except (Conflict, Denied):
            assert self.row().epoch == before.epoch
            forced = takes_over and force and agent.supervisor
            assert before.state not in (
                State.PENDING,
                *((State.BOT,) if takes_over and not force else ()),
            ) or (takes_over and force and not agent.supervisor)
            assert not (forced and before.state == State.ASSIGNED and before.assigned_agent_id != agent.id)
        else:
            assert self.row().assigned_agent_id == agent.id

    @rule(agent=st.sampled_from(AGENTS), way=st.sampled_from(["queue", "bot", "other", "group", "resolve"]))
    def an_agent_gives_it_away(self, agent: Handler, way: str) -> None:
        before = self.row()
        given = {
            "session_id": self.session_id,
            "agent": agent,
            "note": "",
            "by": SYSTEM,
            "now": talking.now(),
        }
        to = next(each for each in AGENTS if each.id != before.assigned_agent_id)
        try:
            if way == "resolve":
                handoffs.resolve(**given)
            elif way in ("queue", "bot"):
                handoffs.release(**given, to=way)
            elif way == "other":
                handoffs.transfer(**given, to=to)
            else:
                handoffs.transfer(**given, group_id="grp-1")
        except Conflict:
            assert before.state != State.ASSIGNED or not (
                agent.supervisor or agent.id == before.assigned_agent_id
            )
        else:
            after = self.row()
            state = {"bot": State.BOT, "other": State.ASSIGNED, "resolve": State.RESOLVED}.get(
                way, State.PENDING
            )
            assert after.state == state
            if way == "bot":
                assert (after.window_start_seq, after.failed_attempts) == (after.last_seq, 0)

    @precondition(lambda self: self.row().state == State.ASSIGNED)
    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_writes(self, agent: Handler) -> None:
        try:
            messages.say(
                session_id=self.session_id,
                agent=agent,
                content="您好",
                client_message_id=None,
                now=talking.now(),
            )
        except NotYours:
            assert self.row().assigned_agent_id != agent.id
        else:
            assert self.row().assigned_agent_id == agent.id
            self.messages += 1

    @rule()
    def it_is_closed(self) -> None:
        first = conversations.close(
            public_id=self.session_id, reader=AGENT_EYES, reason=None, now=talking.now()
        )
        again = conversations.close(
            public_id=self.session_id, reader=AGENT_EYES, reason="x", now=talking.now()
        )
        assert first.closed_at == again.closed_at
        assert self.row().state == State.CLOSED

    @invariant()
    def a_handoff_is_open_if_and_only_if_a_person_has_it(self) -> None:
        row = self.row()
        open_ones = list(Handoff.objects.filter(conversation=row).exclude(status=Handoff.Status.CLOSED))
        if row.state == State.PENDING:
            assert [each.status for each in open_ones] == [Handoff.Status.REQUESTED]
        elif row.state == State.ASSIGNED:
            assert [each.status for each in open_ones] == [Handoff.Status.ACCEPTED]
        else:
            assert open_ones == []
        assert row.open_handoff == (open_ones[0] if open_ones else None)

    @invariant()
    def numbers_are_taken_once_and_never_go_back(self) -> None:
        row = self.row()
        taken = [
            *Message.objects.filter(conversation=row).values_list("seq", flat=True),
            *ConversationEvent.objects.filter(conversation=row).values_list("seq", flat=True),
        ]
        assert sorted(taken) == list(range(1, row.last_seq + 1))
        assert row.last_seq >= self.seen_seq
        self.seen_seq = row.last_seq

    @invariant()
    def each_change_of_handler_raises_the_epoch(self) -> None:
        row = self.row()
        handler = f"{row.state} {row.assigned_agent_id}" if row.state == State.ASSIGNED else row.state
        if self.handler is not None and handler != self.handler:
            assert row.epoch > self.seen_epoch
        assert row.epoch >= self.seen_epoch
        self.handler, self.seen_epoch = handler, row.epoch

    @invariant()
    def no_message_is_lost(self) -> None:
        assert Message.objects.filter(conversation__public_id=self.session_id).count() == self.messages

    @invariant()
    def agents_are_told_in_order(self) -> None:
        told = list(InboxEntry.objects.order_by("pk").values_list("seq", flat=True))
        assert told == sorted(set(told))
        waits = [
            entry.type == "queue.added"
            for entry in InboxEntry.objects.filter(
                conversation__public_id=self.session_id, type__in=["queue.added", "queue.removed"]
            ).order_by("seq")
        ]
        assert (waits[-1:] == [True]) == (self.row().state == State.PENDING)

    @invariant()
    def at_most_one_turn_runs(self) -> None:
        assert Turn.objects.filter(conversation__public_id=self.session_id, status="running").count() <= 1


def test_a_conversation_keeps_its_promises(in_alpha: Any) -> None:
    run_state_machine_as_test(
        Life,
        settings=hypothesis_settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(("start", "allowed"), sorted(Conversation.TRANSITIONS.items()))
def test_only_the_listed_ways_are_open(start: str, allowed: frozenset[str]) -> None:
    for target in State.values:
        row = Conversation(state=start)
        if target in allowed or (start == target == State.CLOSED):
            continue
        with pytest.raises(Conflict):
            sequencing.check_transition(row, target)


def test_the_database_itself_refuses_what_must_not_be(in_alpha: Any) -> None:
    with transaction.atomic():
        row = conversations.begin(now=talking.now())
    for broken in (
        {"state": "pending"},
        {"state": "assigned", "assigned_agent_id": "agent-1"},
        {"assigned_agent_id": "agent-1"},
        {"state": "closed"},
        {"window_start_seq": 5},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Conversation.objects.filter(pk=row.pk).update(**broken)
