"""Whose clock a merchant's times are read on."""

from zoneinfo import ZoneInfo

from django.conf import settings

from conversations.services.sections import HandoffSettings
from tenants.services import tenant_settings


def merchants_zone() -> ZoneInfo:
    """Return the time zone of the current merchant's working hours, else the installation's."""
    hours = tenant_settings.get(HandoffSettings).working_hours
    return ZoneInfo(hours.tz if hours is not None else settings.TIME_ZONE)
