"""The sample business behind the connector protocol."""

from dataclasses import asdict

import pytest

from knowledge.services.connectors import (
    NeedsApproval,
    Subject,
    ToolError,
    ToolResult,
    UnknownAdapter,
    adapters,
    connect,
)
from knowledge.services.connectors.demo import DemoConnector
from knowledge.services.connectors.demo.records import ACCOUNTS, MEMBERS, ORDERS, RETURNS
from knowledge.services.connectors.protocol import Connector

DEMO: Connector = connect("demo")
ZH, EN, JA = Subject("u-1", "zh"), Subject("u-1", "en"), Subject("u-1", "ja")


async def found(tool: str, subject: Subject = ZH, **params: object) -> ToolResult:
    result = await DEMO.call(tool, params, subject=subject)
    assert isinstance(result, ToolResult)
    return result


async def test_an_order_is_found_and_told_in_the_contacts_language() -> None:
    result = await found("query_order", order_no="ORD-001")
    assert result.status == "ok"
    assert result.reply == (
        "订单 ORD-001（樱花小纹和服租赁一日）目前运输中。由顺丰速运承运，运单号 SF1029384756。预计 2026-07-05 送达。"
    )
    english = await found("query_order", EN, order_no="ORD-001")
    assert english.reply.startswith("Order ORD-001 (Sakura komon kimono, one day) is on its way.")
    assert not any("\u4e00" <= character <= "\u9fff" for character in english.reply)


async def test_what_does_not_exist_is_not_found_and_no_error() -> None:
    for tool, params in (
        ("query_order", {"order_no": "ORG-999999"}),
        ("query_return", {"order_no": "ORG-999999"}),
        ("query_return", {"order_no": "ORD-001"}),
        ("query_member", {"phone": "+8613811112222"}),
        ("query_account", {"email": "nobody@example.com"}),
    ):
        for subject in (ZH, EN, JA):
            result = await found(tool, subject, **params)
            assert (result.status, dict(result.data)) == ("not_found", {})
            assert result.reply


async def test_every_record_is_told_without_contact_data() -> None:
    calls: list[tuple[str, dict[str, object], list[str]]] = [
        *(
            ("query_order", {"order_no": each.order_no}, [each.receiver, each.phone])
            for each in ORDERS.values()
        ),
        *(("query_return", {"order_no": each.order_no}, []) for each in RETURNS.values()),
        *(
            ("query_member", {"phone": f"+86{each.phone}"}, [each.name, each.phone])
            for each in MEMBERS.values()
        ),
        *(
            ("query_account", {"email": each.email}, [each.email, each.username])
            for each in ACCOUNTS.values()
        ),
    ]
    for tool, params, secrets in calls:
        for subject in (ZH, EN, JA):
            result = await found(tool, subject, **params)
            assert result.status == "ok"
            assert set(result.masked_fields) <= set(result.data)
            for secret in secrets:
                assert secret not in result.reply
                assert secret not in map(str, result.data.values())


async def test_the_same_question_has_the_same_answer() -> None:
    assert await found("query_order", order_no="ORD-002") == await found("query_order", order_no="ORD-002")


@pytest.mark.parametrize(("phone"), ["+8613800138000", "13800138000", "138 0013 8000"])
async def test_a_member_is_found_however_the_phone_is_written(phone: str) -> None:
    result = await found("query_member", phone=phone)
    assert (result.data["level"], result.data["phone"]) == ("gold", "138****8000")
    assert "金卡会员" in result.reply


async def test_a_write_waits_for_approval_and_then_runs() -> None:
    params = {"order_no": "ORD-001", "reason": "尺码不合适"}
    asked = await DEMO.call("create_return", params, subject=ZH)
    assert asked == NeedsApproval("create_return", params, "为订单 ORD-001 申请退货，原因：尺码不合适")
    done = await DEMO.run_approved("create_return", params, subject=ZH)
    assert isinstance(done, ToolResult)
    assert done.data["return_no"] == "RET-001"
    missing = await DEMO.run_approved("create_return", {"order_no": "ORD-999", "reason": "x"}, subject=ZH)
    assert isinstance(missing, ToolResult)
    assert missing.status == "not_found"
    read = await DEMO.run_approved("query_order", {"order_no": "ORD-001"}, subject=ZH)
    assert read == ToolError("unknown_tool", "query_order needs no approval")


@pytest.mark.parametrize(
    ("tool", "params", "code"),
    [
        ("drop_orders", {}, "unknown_tool"),
        ("query_order", {}, "invalid_params"),
        ("query_order", {"order_no": "1"}, "invalid_params"),
        ("query_order", {"order_no": 7}, "invalid_params"),
        ("create_return", {"order_no": "ORD-001", "reason": ""}, "invalid_params"),
    ],
)
async def test_a_wrong_call_is_an_error_that_trying_again_does_not_mend(
    tool: str, params: dict[str, object], code: str
) -> None:
    result = await DEMO.call(tool, params, subject=ZH)
    assert isinstance(result, ToolError)
    assert (result.code, result.retryable) == (code, False)


@pytest.mark.parametrize("fault", ["timeout", "unavailable"])
async def test_a_business_system_that_is_down_and_comes_back(fault: str) -> None:
    demo = DemoConnector(fault=fault)  # type: ignore[arg-type]
    for result in (
        await demo.call("query_order", {"order_no": "ORD-001"}, subject=ZH),
        await demo.run_approved("create_return", {"order_no": "ORD-001", "reason": "x"}, subject=ZH),
    ):
        assert isinstance(result, ToolError)
        assert (result.code, result.retryable) == (fault, True)
    demo.fault = None
    assert isinstance(await demo.call("query_order", {"order_no": "ORD-001"}, subject=ZH), ToolResult)


def test_tools_say_what_they_are() -> None:
    tools = {tool.tool: tool for tool in DEMO.tools()}
    assert {name for name, tool in tools.items() if tool.requires_approval} == {"create_return"}
    assert {scene.tool for scene in DEMO.scenes()} <= set(tools)
    for scene in DEMO.scenes():
        assert scene.schema == tools[scene.tool].params_schema


def test_nothing_in_the_sample_records_can_reach_anybody() -> None:
    assert all(account.email.endswith("@example.com") for account in ACCOUNTS.values())
    assert all(asdict(each)["order_no"] in ORDERS for each in RETURNS.values())


def test_the_registry_knows_the_demo_and_refuses_the_unknown() -> None:
    assert "demo" in adapters()
    assert connect("demo") is not connect("demo")
    with pytest.raises(UnknownAdapter):
        connect("none")
