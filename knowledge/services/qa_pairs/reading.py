"""Which QA pairs match a filter."""

from typing import Any

from django.db.models import Q, QuerySet

from knowledge.models import QAPair


def listed(
    *,
    keyword: str | None = None,
    category: str | None = None,
    source: str | None = None,
    is_synced: bool | None = None,
    enabled: bool | None = None,
    quality_min: float | None = None,
    quality_max: float | None = None,
    status: str = "active",
) -> "QuerySet[QAPair]":
    """Return the pairs that match, newest first, their similar questions fetched along."""
    pairs = QAPair.objects.prefetch_related("similar", "attachments").filter(status=status)
    exact: dict[str, Any] = {
        "category": category,
        "source": source,
        "is_synced": is_synced,
        "enabled": enabled,
        "quality_score__gte": quality_min,
        "quality_score__lte": quality_max,
    }
    pairs = pairs.filter(**{name: value for name, value in exact.items() if value is not None})
    if keyword:
        pairs = pairs.filter(
            Q(question__icontains=keyword)
            | Q(answer__icontains=keyword)
            | Q(similar__text__icontains=keyword)
        ).distinct()
    return pairs


def categories() -> list[str]:
    """Return the names of the categories in use, in order."""
    names = QAPair.objects.filter(status="active").exclude(category="").values_list("category", flat=True)
    return sorted(set(names))
