"""Doors of this floor: one module of routes per noun, all under one router."""

from ninja import Router

from knowledge.api import qa_pairs

router = Router()
router.add_router("", qa_pairs.router)
