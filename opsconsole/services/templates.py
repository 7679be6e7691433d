"""The platform's library of QA pairs; every edit raises a template's version."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from kimono.lib.errors import Missing
from tenants.models import Template
from tenants.services import auditing
from tenants.services.auditing import Actor

FIELDS = ("question", "answer", "category", "keywords", "priority", "status")


def create(*, given: Mapping[str, Any], by: Actor) -> Template:
    """Add a template of the fields in `FIELDS`."""
    with transaction.atomic():
        template = Template.objects.create(**{name: given[name] for name in FIELDS if name in given})
        _audit("create_template", template, by)
    return template


def update(*, template_id: int, given: Mapping[str, Any], by: Actor) -> Template:
    """Change some fields of a template; without a difference its version stays. Raises `Missing`."""
    with transaction.atomic():
        template = Template.objects.select_for_update(no_key=True).filter(pk=template_id).first()
        if template is None:
            raise Missing
        changed = [name for name in FIELDS if name in given and getattr(template, name) != given[name]]
        if not changed:
            return template
        for name in changed:
            setattr(template, name, given[name])
        template.version += 1
        template.save()
        _audit("update_template", template, by, fields=sorted(changed))
    return template


def delete(*, template_id: int, by: Actor) -> None:
    """Delete a template; copies that merchants have stay theirs. Raises `Missing`."""
    with transaction.atomic():
        template = Template.objects.select_for_update(no_key=True).filter(pk=template_id).first()
        if template is None:
            raise Missing
        _audit("delete_template", template, by)
        template.delete()


def _audit(action: str, template: Template, by: Actor, **details: Any) -> None:
    auditing.record(
        action=action, by=by, target_type="template", target_id=str(template.pk), details=details or None
    )
