"""What the widget on a merchant's site shows before anybody has written (WI-01)."""

from datetime import datetime
from typing import Any

from conversations.services import sections, staffing
from conversations.services.dialogue.hours import in_working_hours, next_opening_text
from conversations.services.dialogue.phrases import Language
from conversations.services.sections import ChatSettings, CsatSettings, WidgetSettings
from tenants.services import tenant_settings


def shown(*, language: str, now: datetime) -> dict[str, Any]:
    """Return how the widget of the current tenant looks, and whether people are there."""
    widget = tenant_settings.get(WidgetSettings)
    return {
        "title": widget.title,
        "color": widget.color,
        "position": widget.position,
        "greeting": tenant_settings.get(ChatSettings).greeting,
        "language": language,
        "csat_enabled": tenant_settings.get(CsatSettings).enabled,
        "in_working_hours": is_staffed(now=now),
        "agents_online": staffing.online(now=now),
    }


def is_staffed(*, now: datetime) -> bool:
    """Tell whether people of the current tenant are at work."""
    return in_working_hours(sections.policy().working_hours, now)


def next_opening(*, now: datetime, language: Language) -> str:
    """Return when people are next at work as a contact reads it; empty when they are, or nobody knows."""
    return next_opening_text(sections.policy().working_hours, now, language)
