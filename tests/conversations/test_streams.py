"""What a stream of a turn shows: framing, order, resuming, stopping, faults."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Message, Turn
from conversations.services import chatting, streams
from conversations.services.turns import live, running, stopping
from conversations.services.turns.shapes import Limits
from kimono.lib.threads import in_thread
from kimono.providers.standin.modes import Mode
from tests.conversations import talking
from tests.conversations.talking import (
    AGENT_EYES,
    assert_well_formed,
    begin,
    events_of,
    parse,
    run,
    say,
    streamed,
)
from tests.conversations.test_turn_order import take_over
from tests.conversations.written import CLEANING

QUESTION = "振袖清洗费是多少钱？"


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=4))
def test_any_text_is_one_line_and_comes_back_unchanged(data: dict[str, str]) -> None:
    block = streams.framed("token", data, id="turn-1.0")
    assert block.count(b"data: ") >= 1
    text = block.decode()
    assert len(text.splitlines()) == 4
    assert json.loads(text.split("\n")[2].removeprefix("data: ")) == data


def test_an_answer_streams_in_order_and_equals_what_is_stored(shop: Any, model: Any) -> None:
    events = run(streamed(QUESTION))
    meta, done = events[0].data, events[-1].data
    assert meta["status"] == "ok"
    assert meta["intent"] == "knowledge_qa"
    assert len([event for event in events if event.name == "token"]) >= 1
    message = Message.objects.get(public_id=done["message_id"])
    assert message.content == done["answer"]
    assert message.seq == done["seq"]
    assert message.citations == done["data"]["citations"] != []
    turn = Turn.objects.get(trace_id=meta["trace_id"])
    assert turn.response["data"] == done["data"]
    assert turn.tokens_output > 0
    assert turn.first_token_ms is not None


def test_a_stream_and_a_whole_answer_say_the_same(shop: Any) -> None:
    events = run(streamed("怎么退货？", client_message_id="c-1"))
    answer = run(say("怎么退货？", events[0].data["session_id"], client_message_id="c-1"))
    assert answer.replay
    assert answer.response["reply"] == events[-1].data["answer"]
    assert answer.response["data"] == events[-1].data["data"]


def test_the_transferring_turn_says_so_in_its_first_and_last_event(shop: Any) -> None:
    events = run(streamed("转人工"))
    assert events[0].data["escalate"] is events[-1].data["escalate"] is True
    assert events[-1].data["answer"] == "正在为您转接人工客服，请稍候……"


def test_with_a_person_there_is_no_token(shop: Any) -> None:
    async def story() -> list[Any]:
        events = await streamed("转人工")
        return await streamed("有人吗", events[0].data["session_id"])

    events = run(story())
    assert [event.name for event in events] == ["meta", "done"]
    assert events[0].data["status"] == "human"
    assert (events[1].data["answer"], events[1].data["message_id"]) == ("", None)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_stream_is_taken_up_again_after_any_event(shop: Any, model: Any, after: int) -> None:
    async def story() -> tuple[list[Any], list[Any]]:
        first = await begin(QUESTION, "sess-resume", client_message_id="c-1")
        whole = [event async for event in events_of(first)]
        again = await begin(QUESTION, "sess-resume", client_message_id="c-1")
        assert again.repeat
        return whole, [event async for event in events_of(again, last_event_id=whole[after].id)]

    whole, rest = run(story())
    assert rest == whole[after + 1 :]


def test_a_second_reader_in_the_middle_sees_all_of_it(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.03

    async def story() -> tuple[list[Any], list[Any]]:
        first = await begin(QUESTION, "sess-middle", client_message_id="c-1")
        await asyncio.sleep(0.4)
        second = await begin(QUESTION, "sess-middle", client_message_id="c-1")

        async def read(begun: Any) -> list[Any]:
            return [event async for event in events_of(begun)]

        one, other = await asyncio.gather(read(first), read(second))
        return one, other

    one, other = run(story())
    assert one == other


def test_later_the_whole_text_comes_at_once(shop: Any) -> None:
    async def story() -> tuple[list[Any], list[Any]]:
        first = await streamed("怎么退货？", "sess-later1", client_message_id="c-1")
        live._lives.clear()
        await _forget_redis()
        again = await begin("怎么退货？", "sess-later1", client_message_id="c-1")
        return first, [event async for event in events_of(again, last_event_id=first[0].id)]

    first, again = run(story())
    assert [event.name for event in again] == ["meta", "token", "done"]
    assert_well_formed(again)
    assert again[-1].data["answer"] == first[-1].data["answer"]
    assert again[-1].data["data"] == first[-1].data["data"]


async def _forget_redis() -> None:
    from conversations.services.turns import drafts, running

    # What is copied last comes after the answer.
    await asyncio.gather(*running._tasks)
    await drafts.attempt(lambda redis: redis.flushdb())


def test_another_process_reads_along(shop: Any, model: Any) -> None:
    """Events that this process did not make come from Redis, and are the same ones."""
    model.state.token_delay = 0.03

    async def story() -> tuple[list[Any], list[Any]]:
        first = await begin(QUESTION, "sess-elsewh", client_message_id="c-1")
        own = live.find(first.turn.public_id)
        assert own is not None
        await asyncio.sleep(0.3)
        second = await begin(QUESTION, "sess-elsewh", client_message_id="c-1")
        del live._lives[first.turn.public_id]
        other = [event async for event in events_of(second)]
        return [(frame.event, dict(frame.data)) for frame in own.frames], other

    own, other = run(story())
    assert [(event.name, event.data) for event in other] == own


def test_events_that_come_to_redis_after_the_row_are_waited_for(shop: Any) -> None:
    from conversations.services.turns import drafts

    async def story() -> tuple[list[Any], list[Any]]:
        first = await streamed("怎么退货？", "sess-late01", client_message_id="c-1")
        await _forget_redis()
        own = live._lives.pop(first[0].data["turn_id"])
        again = await begin("怎么退货？", "sess-late01", client_message_id="c-1")

        async def follow_late() -> None:
            await asyncio.sleep(0.4)
            await drafts.publish(own)

        late = asyncio.create_task(follow_late())
        rest = [event async for event in events_of(again, last_event_id=first[0].id)]
        await late
        return first, rest

    first, rest = run(story())
    assert [first[0], *rest] == first


def test_the_turn_completes_when_nobody_listens(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.02

    async def story() -> None:
        begun = await begin(QUESTION, "sess-gone01")
        listener = events_of(begun)
        await anext(listener)
        await listener.aclose()
        await talking.settled()

    run(story())
    turn = Turn.objects.get()
    assert turn.status == Turn.Status.SUCCESS
    assert turn.reply is not None
    assert turn.tokens_output > 0


def test_stopping_keeps_what_was_said_and_closes_the_model(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.2

    async def story() -> tuple[Any, list[Any]]:
        begun = await begin(QUESTION + "小纹和服的清洗费呢？需要多少天？", "sess-stop01")
        events: list[Any] = []

        async def read() -> None:
            async for event in events_of(begun):
                events.append(event)

        reading = asyncio.create_task(read())
        while not any(event.name == "token" for event in events):
            await asyncio.sleep(0.02)
            assert not reading.done(), "the model answered at once"
        stopped = await stopping.stop(
            session_id="sess-stop01", reader=AGENT_EYES, message_id=None, now=talking.now()
        )
        await reading
        return stopped, events

    stopped, events = run(story())
    assert_well_formed(events)
    done = events[-1].data
    assert stopped == {"session_id": "sess-stop01", "stopped": True, "message_id": done["message_id"]}
    assert done["data"]["stopped"] is True
    message = Message.objects.get(author="bot")
    assert message.content == done["answer"] != ""
    assert all(f"[{each['n']}]" in message.content for each in message.citations)
    assert Turn.objects.get().outcome == Turn.Outcome.STOPPED


def test_stopping_before_the_first_word_stores_nothing(shop: Any, model: Any) -> None:
    model.state.set_mode(Mode.STALL)

    async def story() -> tuple[Any, list[Any]]:
        begun = await begin(QUESTION, "sess-stop02")
        await asyncio.sleep(0.2)
        stopped = await stopping.stop(
            session_id="sess-stop02", reader=AGENT_EYES, message_id=None, now=talking.now()
        )
        return stopped, [event async for event in events_of(begun)]

    stopped, events = run(story())
    assert (stopped["stopped"], stopped["message_id"]) == (True, None)
    assert events[-1].name == "done"
    assert (events[-1].data["answer"], events[-1].data["message_id"]) == ("", None)
    assert not Message.objects.filter(author="bot").exists()


def test_with_nothing_being_written_nothing_is_stopped(shop: Any) -> None:
    async def story() -> Any:
        answer = await say("怎么退货？", "sess-stop03")
        return await stopping.stop(
            session_id=answer.response["session_id"], reader=AGENT_EYES, message_id=None, now=talking.now()
        )

    assert run(story()) == {"session_id": "sess-stop03", "stopped": False, "message_id": None}


def test_a_takeover_in_the_middle_drops_the_draft(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.1

    async def story() -> list[Any]:
        begun = await begin(QUESTION, "sess-taken1")
        await asyncio.sleep(0.3)
        await in_thread(take_over, "sess-taken1")
        return [event async for event in events_of(begun)]

    events = run(story())
    assert events[-1].name == "error"
    assert (events[-1].data["code"], events[-1].data["retryable"]) == ("taken_over", False)
    assert events[-1].data["request_id"] == "req-1"
    assert not Message.objects.filter(author="bot").exists()
    assert Turn.objects.get().outcome == Turn.Outcome.TAKEN_OVER


def test_the_whole_answer_after_a_takeover_is_that_a_person_has_it(shop: Any, model: Any) -> None:
    model.state.token_delay = 0.1

    async def story() -> Any:
        asking = asyncio.create_task(say(QUESTION, "sess-taken2"))
        await asyncio.sleep(0.4)
        await in_thread(take_over, "sess-taken2")
        return await asking

    answer = run(story()).response
    assert (answer["status"], answer["reply"], answer["message_id"]) == ("human", "", None)


def test_a_stream_that_takes_too_long_ends_with_an_error(
    shop: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.state.set_mode(Mode.STALL)
    monkeypatch.setattr(chatting, "STREAMED", Limits(total=0.5, on_timeout="fail"))
    monkeypatch.setattr(running, "SHORTEST_SECONDS", 0.5)
    events = run(streamed(QUESTION))
    assert (events[-1].name, events[-1].data["code"]) == ("error", "timeout")
    turn = Turn.objects.get()
    assert turn.status == Turn.Status.FAILED
    assert turn.tokens_input > 0, "what was asked is paid for, whatever came of it"


@pytest.mark.parametrize(
    "mode", [Mode.STALL, Mode.TRUNCATED, Mode.HTML, Mode.RATE_LIMITED, Mode.SERVER_ERROR, Mode.BROKEN_JSON]
)
def test_whatever_the_model_does_the_reply_is_honest(
    shop: Any, model: Any, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.state.set_mode(mode)
    monkeypatch.setattr(chatting, "WHOLE", Limits(total=4.0, on_timeout="degrade"))
    monkeypatch.setattr(running, "SHORTEST_SECONDS", 4.0)
    answer = run(say(QUESTION)).response
    assert answer["status"] == "ok"
    assert answer["reply"]
    # What is left of a broken answer is cited, and what is cited is there.
    for source in answer["data"]["sources"]:
        assert f"[{source['n']}]" in answer["reply"]
        assert source["quote"] in CLEANING
    assert answer["data"]["degraded"] in ("llm_unavailable", "llm_timeout")
    turn = Turn.objects.get()
    steps = {step.name: step for step in turn.steps.all()}
    assert "error" in steps["recognize_intent"].detail


def test_a_slow_model_does_not_hold_back_the_first_event(shop: Any, model: Any) -> None:
    model.state.set_mode(Mode.STALL)

    async def story() -> float:
        begun = await begin(QUESTION, "sess-slow01")
        started = asyncio.get_running_loop().time()
        events = events_of(begun)
        first = await anext(events)
        took = asyncio.get_running_loop().time() - started
        assert first.name == "meta"
        await stopping.stop(session_id="sess-slow01", reader=AGENT_EYES, message_id=None, now=talking.now())
        await events.aclose()
        return took

    # The bound is 2 s; a busy machine gets ten times that.
    assert run(story()) < 20


def test_pings_are_comments() -> None:
    assert parse(streams.PING) is None
