"""Connections to a merchant's own business systems: tools that look things up, or ask for a human's approval."""

from knowledge.services.connectors.protocol import (
    CallResult,
    Connector,
    NeedsApproval,
    SceneTemplate,
    Subject,
    Tool,
    ToolError,
    ToolErrorCode,
    ToolResult,
)
from knowledge.services.connectors.registry import UnknownAdapter, adapters, connect, register

__all__ = [
    "CallResult",
    "Connector",
    "NeedsApproval",
    "SceneTemplate",
    "Subject",
    "Tool",
    "ToolError",
    "ToolErrorCode",
    "ToolResult",
    "UnknownAdapter",
    "adapters",
    "connect",
    "register",
]
