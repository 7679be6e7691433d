"""One turn at a time in a conversation, in the order in which the messages came."""

import itertools
from typing import Any

from django.db import transaction

from conversations.models import Message, Turn
from conversations.services import handoffs, sequencing
from conversations.services.handoffs import Handler
from conversations.services.turns import ordering, starting
from conversations.services.turns.shapes import Begun
from kimono.lib.threads import in_thread
from tenants.services.auditing import SYSTEM
from tests.conversations import talking
from tests.conversations.talking import KEY, begin, events_of, run, say


def take_over(session_id: str) -> None:
    """Do what an agent does who takes a conversation; the doors for that come with the workbench."""
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoffs.request(
            conversation, rule="user_request", reason="", priority="urgent", card={}, now=talking.now()
        )
        sequencing.store(conversation, *handoffs.REQUESTED)


def test_messages_sent_at_once_are_answered_one_after_the_other(shop: Any, model: Any) -> None:
    # Slow until all have asked, or the first would have its answer before the last one asks.
    model.state.token_delay = 1.0
    texts = ["振袖清洗费是多少钱？", "怎么退货？", "运费怎么算？", "小纹和服清洗费是多少？", "你好"]

    async def story() -> list[Any]:
        begun = []
        for text in texts:
            begun.append(await begin(text, "sess-order1"))
        assert {each.place for each in begun[1:]} == {"wait"}
        model.state.token_delay = 0.0
        for each in begun:
            events = [event async for event in events_of(each)]
            assert events[-1].name == "done"
        return await talking.turns_of("sess-order1")

    turns = run(story())
    assert [turn.number for turn in turns] == [1, 2, 3, 4, 5]
    for earlier, later in itertools.pairwise(turns):
        assert earlier.finished_at <= later.started_at
    said = list(Message.objects.order_by("seq").values_list("author", flat=True))
    assert said == ["visitor"] * 5 + ["bot"] * 5


def test_a_waiting_turn_looks_back_on_what_was_said_meanwhile(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.02

    async def story() -> Any:
        await begin("振袖清洗费是多少钱？", "sess-order2")
        return await say("需要几个工作日", "sess-order2")

    run(story())
    second = Turn.objects.get(number=2)
    assert second.started_at >= Turn.objects.get(number=1).finished_at


def test_the_next_turn_goes_on_when_the_one_before_was_abandoned(shop: Any) -> None:
    async def story() -> Any:
        await in_thread(
            starting.start,
            incoming=talking.incoming("运费怎么算？", "sess-order3"),
            sender=KEY,
            owner="gone",
            now=talking.now() - ordering.lease() * 0.97,
        )
        begun = await begin("怎么退货？", "sess-order3")
        assert begun.place == "wait"
        return [event async for event in events_of(begun)]

    events = run(story())
    assert events[-1].name == "done"
    assert Turn.objects.get(number=1).error == "abandoned"


def test_what_waited_when_a_person_came_is_not_the_bots_after_it_has_gone(in_alpha: Any) -> None:
    def begun(text: str) -> Begun:
        incoming = talking.incoming(text, "sess-order5")
        return starting.start(incoming=incoming, sender=KEY, owner="w", now=talking.now())

    begun("运费怎么算？")
    waits = begun("怎么退货？")
    assert waits.place == "wait"
    agent = Handler("agent-1", "一号")
    handoffs.take_over(session_id="sess-order5", agent=agent, by=SYSTEM, now=talking.now())
    handoffs.release(session_id="sess-order5", agent=agent, to="bot", note="", by=SYSTEM, now=talking.now())
    assert ordering.claim(waits, owner="w") == "human"


def test_whoever_waits_when_a_person_takes_over_is_answered_by_the_person(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.05

    async def story() -> Any:
        first = await begin("振袖清洗费是多少钱？", "sess-order4")
        second = await begin("怎么退货？", "sess-order4")
        await in_thread(take_over, "sess-order4")
        ends = [[event async for event in events_of(each)][-1] for each in (first, second)]
        return ends

    first, second = run(story())
    assert (first.name, first.data["code"], first.data["retryable"]) == ("error", "taken_over", False)
    assert (second.name, second.data["status"], second.data["answer"]) == ("done", "human", "")
    assert not Message.objects.filter(author="bot").exists()


def test_a_worker_that_lost_its_lease_writes_nothing(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.05

    async def story() -> Any:
        begun = await begin("振袖清洗费是多少钱？", "sess-order5")
        await in_thread(Turn.objects.filter(pk=begun.turn.pk).update, lease_owner="somebody-else")
        return [event async for event in events_of(begun)]

    events = run(story())
    assert (events[-1].name, events[-1].data["code"]) == ("error", "unavailable")
    assert not Message.objects.filter(author="bot").exists()
