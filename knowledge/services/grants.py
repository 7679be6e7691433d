"""Which sources a visitor may read: those that an answer given to it has cited."""

from collections.abc import Sequence

from knowledge.models import CitedGrant


def allow(*, unit: str, doc_ids: Sequence[str] = (), qa_ids: Sequence[str] = ()) -> None:
    """Let whoever holds `unit` read these documents and pairs from now on; saying it twice is harmless."""
    grants = [CitedGrant(unit=unit, target=target) for target in dict.fromkeys([*doc_ids, *qa_ids]) if target]
    CitedGrant.objects.bulk_create(grants, ignore_conflicts=True)


def allows(*, unit: str, doc_id: str = "", qa_id: str = "") -> bool:
    """Tell whether an answer given to `unit` has cited this document or pair."""
    target = doc_id or qa_id
    return bool(unit and target) and CitedGrant.objects.filter(unit=unit, target=target).exists()
