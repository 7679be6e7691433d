"""The sections of the settings that this floor owns (api.md 9)."""

from pydantic import Field

from kimono.lib.settings_registry import Section, register_section


class LearningSettings(Section):
    """Whether corrections that meet the rules need no person's approval."""

    auto_approve: bool = False


class CanarySettings(Section):
    """When a version on trial may be judged: after how many conversations, and how much worse it may be."""

    min_conversations: int = Field(default=50, ge=10, le=10_000)
    max_worse: float = Field(default=0.05, ge=0, le=1, allow_inf_nan=False)


def register() -> None:
    """Register the sections of this floor."""
    register_section("learning", LearningSettings)
    register_section("canary", CanarySettings)
