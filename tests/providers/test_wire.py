"""Reading the protocol: any cut of the bytes, any shape of the JSON."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimono.providers.errors import Malformed
from kimono.providers.openai_compatible import wire
from kimono.providers.openai_compatible.wire import EventParser, piece_of, read_json

STREAM = ': hello\r\ndata: {"a": "第一"}\r\n\r\nevent: x\ndata:two\n\ndata: 行\u2028尾\n\nid: 3\ndata: [DONE]'
EVENTS = ['{"a": "第一"}', "two", "行\u2028尾", "[DONE]"]


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=len(STREAM.encode())), max_size=8))
def test_events_do_not_depend_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    data = STREAM.encode()
    edges = [0, *sorted(cuts), len(data)]
    parser = EventParser()
    found = [event for start, end in pairwise(edges) for event in parser.feed(data[start:end])]
    assert found + parser.finish() == EVENTS


def test_a_line_without_end_is_not_read_for_ever() -> None:
    parser = EventParser()
    with pytest.raises(ValueError, match="longer than"):
        for _ in range(3):
            parser.feed(b"x" * (wire.MOST_LINE_BYTES // 2 + 1))


@pytest.mark.asyncio
async def test_a_body_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BODY_BYTES", 100)
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"[" * 30

    with pytest.raises(ValueError, match="larger than"):
        await read_json(endless())
    assert asked == 4


@pytest.mark.parametrize(
    "value",
    [
        "text",
        None,
        [],
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"content": ["x"]}}]},
    ],
)
def test_shapes_the_protocol_does_not_know_are_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        piece_of(value, part="delta")


@pytest.mark.parametrize(
    "value",
    [{}, {"choices": []}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": {"content": None}}]}],
)
def test_pieces_may_say_nothing(value: object) -> None:
    assert piece_of(value, part="delta").text == ""


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["choices", "delta", "content", "usage", "error", "model", "prompt_tokens"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_whatever_breaks_the_reader(value: object) -> None:
    assert json.dumps(value)
    try:
        piece = piece_of(value, part="delta")
    except Malformed:
        return
    assert isinstance(piece.text, str)


@pytest.mark.parametrize(
    "usage", [None, "x", {}, {"prompt_tokens": "5"}, {"prompt_tokens": -1, "completion_tokens": 1}]
)
def test_usage_that_makes_no_sense_is_none(usage: object) -> None:
    assert piece_of({"choices": [], "usage": usage}, part="delta").usage is None
