"""A message sent again: the first answer, once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from conversations.models import Conversation, Message, Turn
from conversations.services.turns import ordering, starting
from conversations.services.turns.shapes import BodyDiffers, Sender, StillRunning
from kimono.lib.threads import in_thread
from tests.conversations import talking
from tests.conversations.talking import KEY, run, say


def test_twenty_at_once_are_one(shop: Any) -> None:
    async def story() -> list[Any]:
        return await asyncio.gather(*(say("怎么退货？", client_message_id="c-1") for _ in range(20)))

    answers = run(story())
    assert len({str(answer.response) for answer in answers}) == 1
    assert [answer.replay for answer in answers].count(False) == 1
    assert Conversation.objects.count() == 1
    assert Message.objects.count() == 2
    assert Turn.objects.count() == 1


def test_the_same_id_with_another_body_is_refused(shop: Any) -> None:
    async def story() -> None:
        first = await say("怎么退货？", client_message_id="c-1")
        with pytest.raises(BodyDiffers):
            await say("运费怎么算？", client_message_id="c-1")
        with pytest.raises(BodyDiffers):
            await say("怎么退货？", first.response["session_id"], client_message_id="c-1", language="en")
        again = await say("怎么退货？", first.response["session_id"], client_message_id="c-1")
        assert again.replay

    run(story())
    assert Message.objects.count() == 2


def test_first_messages_are_remembered_per_caller_for_a_day(shop: Any) -> None:
    other = Sender(kind="key", id="key-2")
    begun_at = talking.now()

    def start(sender: Sender, now: Any) -> str:
        begun = starting.start(
            incoming=talking.incoming("你好", client_message_id="c-1"), sender=sender, owner="w", now=now
        )
        return begun.conversation.public_id

    first = start(KEY, begun_at)
    assert start(KEY, begun_at + timedelta(seconds=1)) == first
    assert start(other, begun_at) != first
    assert start(KEY, begun_at + timedelta(hours=25)) != first


def test_a_repeat_waits_for_the_first_and_gets_its_answer(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.05

    async def story() -> tuple[Any, Any]:
        first = asyncio.create_task(say("振袖清洗费是多少钱？", "sess-repeat", client_message_id="c-1"))
        for _ in range(1000):
            if await in_thread(Turn.objects.count):
                break
            await asyncio.sleep(0.01)
        return await say("振袖清洗费是多少钱？", "sess-repeat", client_message_id="c-1"), await first

    again, first = run(story())
    assert again.replay
    assert not first.replay
    assert again.response == first.response


def test_a_turn_of_a_dead_process_runs_again_when_its_message_comes_again(shop: Any) -> None:
    async def story() -> Any:
        # Begun by a worker that is gone: nobody renews its lease.
        begun = await in_thread(
            starting.start,
            incoming=talking.incoming("怎么退货？", "sess-dead01", client_message_id="c-1"),
            sender=KEY,
            owner="gone",
            now=talking.now() - 2 * ordering.lease(),
        )
        again = await say("怎么退货？", "sess-dead01", client_message_id="c-1")
        return begun, again

    begun, again = run(story())
    assert not again.replay
    assert again.response["user_message_id"] == begun.message.public_id
    statuses = list(Turn.objects.order_by("id").values_list("status", "error"))
    assert statuses == [("failed", "abandoned"), ("success", "")]
    assert Message.objects.filter(author="visitor").count() == 1


def test_a_repeat_of_a_turn_that_runs_elsewhere_gives_up_in_time(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conversations.services import chatting

    monkeypatch.setattr(chatting, "PATIENCE_SECONDS", 0.3)

    async def story() -> None:
        await in_thread(
            starting.start,
            incoming=talking.incoming("怎么退货？", "sess-else01", client_message_id="c-1"),
            sender=KEY,
            owner="elsewhere",
            now=talking.now(),
        )
        with pytest.raises(StillRunning) as refused:
            await say("怎么退货？", "sess-else01", client_message_id="c-1")
        assert refused.value.headers["Retry-After"] == "1"

    run(story())


def test_without_an_id_each_message_is_its_own(shop: Any) -> None:
    async def story() -> None:
        await say("怎么退货？", "sess-twice1")
        await say("怎么退货？", "sess-twice1")

    run(story())
    assert Message.objects.filter(author="visitor").count() == 2
