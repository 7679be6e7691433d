"""What every connector to a business system offers, whatever lies behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Language = Literal["zh", "en", "ja"]
ToolKind = Literal["read", "write"]
ToolErrorCode = Literal["unknown_tool", "invalid_params", "timeout", "unavailable"]


@dataclass(frozen=True)
class Tool:
    """One operation of a business system. Reads run by themselves; a write always waits for a human's approval."""

    tool: str
    kind: ToolKind
    summary: str
    params_schema: Mapping[str, Any]
    method: str = "GET"
    path: str = ""
    masked_fields: tuple[str, ...] = ()
    enabled: bool = True

    @property
    def requires_approval(self) -> bool:
        """Tell whether a human must approve each call."""
        return self.kind == "write"


@dataclass(frozen=True)
class Subject:
    """For whom a tool is called, and in which language its reply is to be."""

    user_id: str | None = None
    language: Language = "zh"


@dataclass(frozen=True)
class ToolResult:
    """What a read tool found. `not_found` is an answer, not a fault. Contact data in `data` is masked already.

    `reply` says it in the contact's language, from `data` alone.
    """

    status: Literal["ok", "not_found"]
    data: Mapping[str, Any]
    reply: str
    masked_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class NeedsApproval:
    """A write that was not made: a human has to approve it first. `summary` says what it would do."""

    tool: str
    params: Mapping[str, Any]
    summary: str


@dataclass(frozen=True)
class ToolError:
    """A call that failed. `retryable`: the same call may succeed later; anything else is the caller's mistake."""

    code: ToolErrorCode
    message: str

    @property
    def retryable(self) -> bool:
        """Tell whether trying again can help."""
        return self.code in ("timeout", "unavailable")


CallResult = ToolResult | NeedsApproval | ToolError


@dataclass(frozen=True)
class SceneTemplate:
    """A scene that a connector brings along: what opens it, which values it needs and which tool it ends with."""

    name: str
    title: str
    tool: str
    trigger_examples: Sequence[str]
    schema: Mapping[str, Any]
    intent: str = "business_query"
    max_asks: int = 3


class Connector(Protocol):
    """A business system. Implementations never raise for what the system answers: they return a `ToolError`."""

    @property
    def name(self) -> str:
        """Return the name that scenes and interrupts refer to it by."""

    def tools(self) -> Sequence[Tool]:
        """Return the operations on offer, in a stable order."""

    def scenes(self) -> Sequence[SceneTemplate]:
        """Return the scenes that come with it; empty when the merchant writes them."""

    async def call(self, tool: str, params: Mapping[str, Any], *, subject: Subject) -> CallResult:
        """Return what `tool` answers to `params`; a write returns `NeedsApproval` and changes nothing."""

    async def run_approved(
        self, tool: str, params: Mapping[str, Any], *, subject: Subject
    ) -> ToolResult | ToolError:
        """Return what a write answers, after a human has approved exactly these `params`."""
