"""Which schemas a scene may have, and which scene a message opens."""

from typing import Any

import pytest

from conversations.services.dialogue import slots
from conversations.services.dialogue.slots import Scene, SchemaRefused
from knowledge.services.connectors import connect


def schema(**rules: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["value"], "properties": {"value": rules}}


@pytest.mark.parametrize(
    "rules",
    [
        {"type": "string", "pattern": r"^[A-Z]{3}-\d+$", "title": "订单号", "x-ask": "请提供您的订单号。"},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "phone"},
        {"type": "string", "enum": ["a", "b"], "x-synonyms": {"a": ["甲"]}},
        {"type": "number", "minimum": 0},
        {"type": "integer", "maximum": 3},
        {"type": "boolean"},
        {"type": "string", "pattern": r"^(?:AB|CD)\d{3,12}$"},
        {"type": "string", "pattern": r"^[()*+]+$"},
    ],
)
def test_schemas_that_a_conversation_can_fill(rules: dict[str, Any]) -> None:
    slots.validate_schema(schema(**rules))


@pytest.mark.parametrize(
    ("refused", "path"),
    [
        ([], []),
        ({"type": "array"}, ["type"]),
        ({"type": "nonsense"}, ["type"]),
        ({"type": "object", "oneOf": [{}]}, ["oneOf"]),
        ({"type": "object", "properties": {}, "required": ["gone"]}, ["required", 0]),
        ({"type": "object", "required": "order_no"}, ["required"]),
        (schema(type="object"), ["properties", "value", "type"]),
        (schema(type="array", items={"type": "string"}), ["properties", "value", "items"]),
        (schema(title="x"), ["properties", "value", "type"]),
        (schema(type="string", format="uuid"), ["properties", "value", "format"]),
        (schema(type="string", pattern="["), ["properties", "value", "pattern"]),
        (schema(type="string", pattern="(a+)+$"), ["properties", "value", "pattern"]),
        (schema(type="string", pattern="^(a|a)*$"), ["properties", "value", "pattern"]),
        (schema(type="string", pattern="a" * 201), ["properties", "value", "pattern"]),
        (schema(type="string", enum=[]), ["properties", "value", "enum"]),
        (schema(type="string", enum=[{}]), ["properties", "value", "enum"]),
        (schema(type="string", **{"$ref": "#/x"}), ["properties", "value", "$ref"]),
        (schema(type="string", **{"x-kind": "colour"}), ["properties", "value", "x-kind"]),
        ({"type": "object", "properties": {"bad name": {"type": "string"}}}, ["properties", "bad name"]),
        ({"type": "object", "properties": {f"s{n}": {"type": "string"} for n in range(21)}}, ["properties"]),
    ],
)
def test_schemas_that_it_cannot(refused: Any, path: list[str | int]) -> None:
    with pytest.raises(SchemaRefused) as refusal:
        slots.validate_schema(refused)
    assert refusal.value.status == 422
    assert isinstance(refusal.value.detail, list)
    assert refusal.value.detail[0]["loc"] == ["body", "schema", *path]


def demo_scenes() -> list[Scene]:
    demo = connect("demo")
    return [
        Scene.from_template(each, scene_id=f"scn-{each.name}", connector=demo.name) for each in demo.scenes()
    ]


def test_the_scenes_of_the_demo_are_valid() -> None:
    scenes = demo_scenes()
    assert [scene.name for scene in scenes] == ["order", "return", "member", "account"]
    for scene in scenes:
        slots.validate_schema(scene.schema)
        assert scene.then == f"tool:demo.query_{scene.name}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我的订单到哪了", "order"),
        ("我的订单到哪里了？", "order"),
        ("我的訂單到哪了", "order"),
        ("订单 ORD-001 到哪了", "order"),
        ("你好，麻烦帮我查一下订单 ORD-001，谢谢", "order"),
        ("where is my order ORD-001", "order"),
        ("Has my order shipped yet?", "order"),
        ("查一下我的退货进度", "return"),
        ("我有多少积分", "member"),
        ("我还有多少积分啊", "member"),
        ("我的账号被锁定了", "account"),
        ("My account is locked!", "account"),
        ("退货流程是什么？", None),
        ("订单可以取消吗", None),
        ("会员等级有哪些权益？", None),
        ("积分怎么用", None),
        ("ORD-001", None),
        ("", None),
        ("how do I return an item", None),
    ],
)
def test_a_message_opens_the_scene_whose_examples_it_is_like(text: str, name: str | None) -> None:
    matched = slots.match_scene(text, demo_scenes())
    assert (matched.name if matched else None) == name
