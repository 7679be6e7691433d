"""Conversations, handoffs, scenes and the widget on a merchant's admin site, and the first page of that site."""

from conversations.admin import dashboard, widget
from conversations.admin.conversations import ConversationAdmin
from conversations.admin.handoffs import HandoffAdmin
from conversations.admin.samples import SampleAdmin
from conversations.admin.scenes import SceneAdmin
from conversations.admin.turns import TurnAdmin
from conversations.services import zones
from tenants.admin import tenant_site

__all__ = ["ConversationAdmin", "HandoffAdmin", "SampleAdmin", "SceneAdmin", "TurnAdmin"]

type(tenant_site).dashboard = staticmethod(dashboard.shown)
type(tenant_site).pages = [
    ("widget/", widget.page, "widget"),
    ("widget/preview/", widget.preview, "widget_preview"),
]
type(tenant_site).zone = staticmethod(zones.merchants_zone)
