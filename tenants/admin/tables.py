"""What the tables of both sites share."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline


class ModelAdmin(UnfoldModelAdmin):
    """A table that is as wide as the window and warns before typing is lost."""

    list_fullwidth = True
    warn_unsaved_form = True
    list_per_page = 30
    show_full_result_count = False
    delete_confirmation_template = "kimono/admin/delete.html"
    delete_selected_confirmation_template = "kimono/admin/delete_selected.html"

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the service has written the audit row."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the service has written the audit row."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Do nothing: the service has written the audit row."""


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


class ReadOnlyAdmin(_ReadOnly, ModelAdmin):
    """Shows rows and changes none."""

    actions = None
    warn_unsaved_form = False


class ReadOnlyInline(_ReadOnly, TabularInline):
    """Shows the rows that belong to one and changes none."""

    extra = 0
    can_delete = False
    show_change_link = False


def shortened(text: str, most: int = 60) -> str:
    """Return a text on one line, cut off at `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def when(moment: datetime) -> str:
    """Return a moment on the clock in force: today as the time alone, else with its date."""
    local = timezone.localtime(moment)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "m-d H:i")


def readable(value: object) -> str:
    """Return JSON for people: indented, Chinese as Chinese; a dash for nothing."""
    if not value:
        return "–"
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return format_html('<pre class="kimono-code kimono-words">{}</pre>', text)


def percent_bar(share: float) -> SafeString:
    """Return a share in [0, 1] as a short bar with its number; staff see scores, contacts never do."""
    percent = round(max(0.0, min(1.0, share)) * 100)
    return format_html(
        '<span class="kimono-bar" role="img" aria-label="{0}%">'
        '<span class="kimono-bar-track"><span class="kimono-bar-fill" style="width:{0}%"></span></span>{0}%</span>',
        percent,
    )
