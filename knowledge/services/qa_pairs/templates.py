"""Copies of the platform's templates, and how a copy differs from its template."""

import difflib
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from kimono.lib.threads import in_thread
from knowledge.models import QAPair
from knowledge.services import revisions
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import PairDraft, content_hash
from tenants.models import Template
from tenants.services.auditing import Actor

Applied = Literal["created", "updated", "unchanged", "edited"]


@dataclass(frozen=True)
class Upstream:
    """A copy beside its template; all None for a pair without one."""

    pair: QAPair
    template: Template | None
    diff: list[dict[str, str]]


async def apply_template(*, template: Template, by: Actor, overwrite: bool = False) -> Applied:
    """Copy a template into the current tenant, live at once; a copy that the merchant edited stays its own."""
    draft = PairDraft(
        question=template.question,
        answer=template.answer,
        category=template.category,
        keywords=tuple(template.keywords),
        priority=template.priority,
        source=QAPair.Source.TEMPLATE,
        template=(template.pk, template.version),
    )
    vectors = await writing.embed([draft.question])
    return await in_thread(_store, draft, vectors, by, overwrite)


def _store(draft: PairDraft, vectors: writing.Vectors, by: Actor, overwrite: bool) -> Applied:
    assert draft.template is not None
    with transaction.atomic():
        copy = (
            QAPair.objects.select_for_update(no_key=True)
            .filter(template_id=draft.template[0], status=QAPair.Status.ACTIVE)
            .first()
        )
        if copy is None:
            writing.insert([draft], vectors=vectors, by=by)
            revisions.bump()
            return "created"
        if copy.template_hash == content_hash(draft.question, draft.answer):
            return "unchanged"
        if copy.template_hash != content_hash(copy.question, copy.answer) and not overwrite:
            return "edited"
        writing.overwrite(copy, draft, vectors=vectors)
        revisions.bump()
        return "updated"


def upstream(*, qa_id: str) -> Upstream:
    """Return a pair beside the template it came from. Raises `Missing`."""
    pair = writing.get(qa_id=qa_id)
    template = Template.objects.filter(pk=pair.template_id).first() if pair.template_id else None
    diff = text_diff(pair.answer, template.answer) if template is not None else []
    return Upstream(pair, template, diff)


def text_diff(old: str, new: str) -> list[dict[str, str]]:
    """Return what leads from `old` to `new`: `[{op: equal|remove|add, text}]`, by characters."""
    steps: list[dict[str, str]] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            steps.append({"op": "equal", "text": old[a:b]})
            continue
        if a < b:
            steps.append({"op": "remove", "text": old[a:b]})
        if c < d:
            steps.append({"op": "add", "text": new[c:d]})
    return steps
