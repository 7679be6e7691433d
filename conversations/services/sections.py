"""The sections of a tenant's settings that this floor owns (api.md 9)."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    computed_field,
    field_validator,
    model_validator,
)

from conversations.services import widget_secret
from conversations.services.dialogue.escalation import PRESETS, Policy
from kimono.lib.cleaning import trimmed
from kimono.lib.settings_registry import Section, register_section
from tenants.services import tenant_settings

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?")
Word = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=50)]


def is_origin(text: str) -> bool:
    """Tell whether a text is the origin of a site as browsers write it: scheme, host, port unless it is the usual one."""
    return _ORIGIN.fullmatch(text) is not None


class WorkingHours(BaseModel):
    """When people are at work: days as 1 (Monday) to 7, on the clock of `tz`; an `end` before `start` is the next day's."""

    model_config = ConfigDict(extra="ignore", strict=True)

    tz: str = "Asia/Shanghai"
    days: list[int] = Field(default=[1, 2, 3, 4, 5], min_length=1, max_length=7)
    start: str = "09:00"
    end: str = "18:00"

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("unknown time zone") from None
        return value

    @field_validator("days")
    @classmethod
    def _days_of_a_week(cls, value: list[int]) -> list[int]:
        if any(not 1 <= day <= 7 for day in value) or len(set(value)) != len(value):
            raise ValueError("days are distinct numbers from 1 (Monday) to 7")
        return sorted(value)

    @field_validator("start", "end")
    @classmethod
    def _clock(cls, value: str) -> str:
        if not _CLOCK.fullmatch(value):
            raise ValueError("a time is written HH:MM")
        return value

    @model_validator(mode="after")
    def _differ(self) -> "WorkingHours":
        if self.start == self.end:
            raise ValueError("start and end must differ")
        return self


class HandoffSettings(Section):
    """When a person is brought in."""

    preset: Literal["merchant", "helpdesk"] = "merchant"
    failed_threshold: int = Field(default=3, ge=1, le=10)
    on_no_answer: Literal["offer", "transfer"] = "offer"
    working_hours: WorkingHours | None = None
    urgent_words: list[Word] = Field(default=["紧急", "马上", "投诉"], max_length=50)

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("preset") not in PRESETS:
            return data
        on_no_answer, threshold = PRESETS[data["preset"]]
        return {"on_no_answer": on_no_answer, "failed_threshold": threshold, **data}


class ChatSettings(Section):
    """What the bot says and how far it looks back."""

    greeting: str = Field(default="您好，请问有什么可以帮您？", min_length=1, max_length=500)
    refusal: str = Field(default="抱歉，我没有找到相关资料。", min_length=1, max_length=500)
    max_history_turns: int = Field(default=5, ge=1, le=20)
    burst_merge_ms: int = Field(default=0, ge=0, le=5000)


class CsatSettings(Section):
    """Whether contacts are asked how it went."""

    enabled: bool = True


class BusinessSettings(Section):
    """Where orders and the like are looked up."""

    adapter: Literal["none", "connectors", "demo"] = "none"

    @field_validator("adapter")
    @classmethod
    def _demo_only_in_the_demo(cls, value: str) -> str:
        if value == "demo" and settings.PROFILE == "production":
            raise ValueError("the demo's business data exist in the demo profile only")
        return value


class WidgetSettings(Section):
    """How the widget looks and which sites may show it."""

    allowed_origins: list[str] = Field(default=[], max_length=100)
    title: str = Field(default="在线客服", min_length=1, max_length=50)
    color: str = Field(default="#2f54eb", pattern=r"^#[0-9a-fA-F]{6}$")
    position: Literal["left", "right"] = "right"
    require_user_hash: bool = False
    # Raised by each rotation of the secret; not shown.
    secret_generation: int = Field(default=0, ge=0, exclude=True)

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, value: list[str]) -> list[str]:
        if any(not is_origin(origin) for origin in value):
            raise ValueError(
                "an origin is scheme, host and port, exactly, in lower case: https://shop.example.com"
            )
        return value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def secret_prefix(self) -> str:
        """Return the visible beginning of the secret that `user_hash` is made with."""
        return widget_secret.prefix(self.secret_generation)


class VipSettings(Section):
    """The levels of members, rising, and from which one on they are raised in priority."""

    levels: list[Word] = Field(
        default=["normal", "silver", "gold", "vip", "svip"], min_length=1, max_length=10
    )
    vip_from: str = Field(default="vip", alias="from", serialization_alias="from")

    model_config = ConfigDict(extra="ignore", strict=True, populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _one_of_them(self) -> "VipSettings":
        if len(set(self.levels)) != len(self.levels):
            raise ValueError("levels must be distinct")
        if self.vip_from not in self.levels:
            raise ValueError("from must be one of levels")
        return self


def policy() -> Policy:
    """Return what the current tenant has set about handing over."""
    sections = {"handoff": tenant_settings.get(HandoffSettings), "vip": tenant_settings.get(VipSettings)}
    return Policy.from_settings({name: section.model_dump() for name, section in sections.items()})


def register() -> None:
    """Register the sections of this floor."""
    register_section("handoff", HandoffSettings)
    register_section("chat", ChatSettings)
    register_section("csat", CsatSettings)
    register_section("business", BusinessSettings)
    register_section("widget", WidgetSettings)
    register_section("vip", VipSettings)
