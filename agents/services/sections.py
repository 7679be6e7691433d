"""The section of the settings that this floor owns (api.md 9)."""

from typing import Literal

from pydantic import Field

from kimono.lib.settings_registry import Section, register_section


class AgentsSettings(Section):
    """How people share the conversations: who gets one, and how long they may keep a contact waiting.

    `silent_timeout_seconds` 0 is off; `sla_seconds` None promises nothing.
    """

    assignment: Literal["manual", "least_busy"] = "manual"
    silent_timeout_seconds: int = Field(default=0, ge=0, le=86_400)
    sla_seconds: int | None = Field(default=None, ge=10, le=86_400)


def register() -> None:
    """Register the section of this floor."""
    register_section("agents", AgentsSettings)
