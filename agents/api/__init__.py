"""Doors of this floor: one module of routes per noun, all under one router."""

from ninja import Router

from agents.api import assist, canned_replies, csat, groups, notes, presence, queue, solutions, work

router = Router()
router.add_router("", queue.router)
router.add_router("", work.router)
router.add_router("", notes.router)
router.add_router("", presence.router)
router.add_router("", assist.router)
router.add_router("", solutions.router)
router.add_router("", canned_replies.router)
router.add_router("", groups.router)
router.add_router("", csat.router)
