"""Doors of this floor: one module of routes per noun, all under one router."""

from ninja import Router

from knowledge.api import (
    attachments,
    documents,
    evaluation,
    jobs,
    qa_pairs,
    quality,
    samples,
    search,
    solutions,
    tickets,
    tuner,
    updates,
)

router = Router()
router.add_router("", qa_pairs.router)
router.add_router("", search.router)
router.add_router("", attachments.router)
router.add_router("", documents.router)
router.add_router("", jobs.router)
router.add_router("", updates.router)
router.add_router("", quality.router)
router.add_router("", evaluation.router)
router.add_router("", samples.router)
router.add_router("", tuner.router)
router.add_router("", solutions.router)
router.add_router("", tickets.router)
