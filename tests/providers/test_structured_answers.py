"""Answers by JSON schema: asked for in the protocol's way, parsed, and believed only when valid."""

from collections.abc import Mapping

import pytest

from kimono.providers import ChatResult, Malformed, MemoryMeter, Message, Prompt, chat
from kimono.providers.completion import _valid
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

INTENT: Mapping[str, object] = {
    "type": "object",
    "properties": {"intent": {"enum": ["knowledge_qa", "transfer_to_human", "chitchat"]}},
    "required": ["intent"],
    "additionalProperties": False,
}
SENTENCES: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "sources": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
                },
                "required": ["text", "sources"],
            },
        }
    },
    "required": ["sentences"],
}


async def structured(prompt: Prompt, schema: Mapping[str, object]) -> ChatResult:
    return await chat(prompt, purpose="p", ref="t", scope="a", deadline_seconds=5, schema=schema)


def said(text: str) -> Prompt:
    return Prompt("recognize_intent", "v1", (Message("system", "Name the intent."), Message("user", text)))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "intent"),
    [("请帮我转人工", "transfer_to_human"), ("你好", "chitchat"), ("怎么退货？", "knowledge_qa")],
)
async def test_valid_data_are_returned(text: str, intent: str, standin: Standin) -> None:
    answer = await structured(said(text), INTENT)
    assert answer.data == {"intent": intent}
    (entry,) = standin.log()
    body = entry["body"]
    assert isinstance(body, dict)
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"] == {"name": "recognize_intent", "schema": INTENT}


@pytest.mark.asyncio
async def test_sentences_come_with_their_sources(standin: Standin, prompt: Prompt) -> None:
    answer = await structured(prompt, SENTENCES)
    assert answer.data == {
        "sentences": [{"text": "Returns are accepted within 14 days of delivery.", "sources": [2]}]
    }


@pytest.mark.asyncio
async def test_data_that_break_the_schema_are_malformed(standin: Standin, meter: MemoryMeter) -> None:
    standin.behave(Mode.INVALID_DATA)
    with pytest.raises(Malformed, match="breaks its schema"):
        await structured(said("你好"), INTENT)
    assert [record.error_code for record in meter.records] == ["malformed"]
    assert meter.records[0].tokens_output > 0


@pytest.mark.parametrize(
    "text",
    ['{"intent": "chitchat"}', '```json\n{"intent": "chitchat"}\n```', '```\n{"intent":"chitchat"}```'],
)
def test_a_fence_around_json_is_taken_off(text: str) -> None:
    assert _valid(text, INTENT) == {"intent": "chitchat"}


@pytest.mark.parametrize(
    "text", ["chitchat", '{"intent": "chit', "[]", '{"intent": "other"}', "null", '{"a": NaN, "intent"}']
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        _valid(text, INTENT)
    assert caught.value.partial == text
