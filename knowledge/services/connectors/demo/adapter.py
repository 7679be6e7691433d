"""The connector to the sample business: deterministic, in memory, able to fail on purpose."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from jsonschema import Draft202012Validator

from kimono.lib.masking import mask
from knowledge.services.connectors.demo import replies
from knowledge.services.connectors.demo.records import ACCOUNTS, MEMBERS, ORDERS, RETURNS
from knowledge.services.connectors.demo.scenes import SCENES, TOOLS
from knowledge.services.connectors.protocol import (
    CallResult,
    NeedsApproval,
    SceneTemplate,
    Subject,
    Tool,
    ToolError,
    ToolResult,
)

Fault = Literal["timeout", "unavailable"]


class DemoConnector:
    """The sample business behind the `Connector` protocol.

    With `fault` set every call fails that way, as a business system that is down does, until it is set to None.
    """

    def __init__(self, *, fault: Fault | None = None) -> None:
        self.fault = fault

    @property
    def name(self) -> str:
        """Return the name that scenes and interrupts refer to it by."""
        return "demo"

    def tools(self) -> Sequence[Tool]:
        """Return the operations on offer, in a stable order."""
        return TOOLS

    def scenes(self) -> Sequence[SceneTemplate]:
        """Return the four scenes of the sample business."""
        return SCENES

    async def call(self, tool: str, params: Mapping[str, Any], *, subject: Subject) -> CallResult:
        """Return what `tool` answers to `params`; `create_return` returns `NeedsApproval` and changes nothing."""
        refused = self._refused(tool, params)
        if refused:
            return refused
        if tool == "create_return":
            return NeedsApproval(tool, dict(params), replies.say("create_return", params, subject.language))
        return _READS[tool](params, subject)

    async def run_approved(
        self, tool: str, params: Mapping[str, Any], *, subject: Subject
    ) -> ToolResult | ToolError:
        """Return the return that was made for an order; the sample records stay as they are."""
        refused = self._refused(tool, params)
        if refused:
            return refused
        if tool != "create_return":
            return ToolError("unknown_tool", f"{tool} needs no approval")
        if params["order_no"] not in ORDERS:
            return _missing("order", params, subject)
        made = {
            "order_no": params["order_no"],
            "return_no": f"RET-{_number(params['order_no'])}",
            "state": "requested",
        }
        return ToolResult("ok", made, replies.say("created", made, subject.language))

    def _refused(self, tool: str, params: Mapping[str, Any]) -> ToolError | None:
        if self.fault:
            return ToolError(self.fault, "The business system did not answer")
        known = next((each for each in TOOLS if each.tool == tool), None)
        if known is None:
            return ToolError("unknown_tool", f"There is no tool {tool}")
        error = next(iter(Draft202012Validator(dict(known.params_schema)).iter_errors(dict(params))), None)
        return ToolError("invalid_params", error.message[:200]) if error else None


def _order(params: Mapping[str, Any], subject: Subject) -> ToolResult:
    order = ORDERS.get(params["order_no"])
    return (
        _found("order", asdict(order), subject, ("receiver", "phone"))
        if order
        else _missing("order", params, subject)
    )


def _return(params: Mapping[str, Any], subject: Subject) -> ToolResult:
    if params["order_no"] not in ORDERS:
        return _missing("order", params, subject)
    found = RETURNS.get(params["order_no"])
    return _found("return", asdict(found), subject) if found else _missing("return", params, subject)


def _member(params: Mapping[str, Any], subject: Subject) -> ToolResult:
    member = MEMBERS.get(_national(params["phone"]))
    return (
        _found("member", asdict(member), subject, ("name", "phone"))
        if member
        else _missing("member", params, subject)
    )


def _account(params: Mapping[str, Any], subject: Subject) -> ToolResult:
    account = ACCOUNTS.get(str(params["email"]).lower())
    if account is None:
        return _missing("account", params, subject)
    return _found("account", asdict(account), subject, ("email", "username"))


def _found(topic: str, record: dict[str, Any], subject: Subject, masked: tuple[str, ...] = ()) -> ToolResult:
    data = {key: _masked(str(value)) if key in masked else value for key, value in record.items()}
    return ToolResult("ok", data, replies.reply(topic, data, subject.language), masked)


def _missing(topic: str, params: Mapping[str, Any], subject: Subject) -> ToolResult:
    return ToolResult("not_found", {}, replies.say(f"not_found.{topic}", params, subject.language))


def _masked(value: str) -> str:
    """Return contact data so that its owner knows it again and nobody else learns it."""
    masked = mask(value)
    return masked if masked != value else value[:1] + "*" * max(1, len(value) - 1)


def _national(phone: str) -> str:
    """Return a Chinese number without country code and signs, as the sample records hold it."""
    return re.sub(r"\D", "", phone).removeprefix("86")


def _number(order_no: str) -> str:
    return re.sub(r"\D", "", order_no)


_READS: Mapping[str, Callable[[Mapping[str, Any], Subject], ToolResult]] = {
    "query_order": _order,
    "query_return": _return,
    "query_member": _member,
    "query_account": _account,
}
