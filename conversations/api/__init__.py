"""Doors of this floor."""

from ninja import Router

from conversations.api import (
    aliases,
    chat,
    exports,
    monitor,
    observability,
    performance,
    samples,
    scenes,
    sessions,
    widget,
)

router = Router()
router.add_router("", chat.router)
router.add_router("", sessions.router)
router.add_router("", exports.router)
router.add_router("", aliases.router)
router.add_router("", scenes.router)
router.add_router("", monitor.router)
router.add_router("", performance.router)
router.add_router("", observability.router)
router.add_router("", samples.router)
router.add_router("", widget.router)
