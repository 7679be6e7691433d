"""Pages of a list as the wire wants them (api.md 3.2)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Field, Schema

T = TypeVar("T")


class Page(Schema):
    """The query of a paged list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    page_size: int = Field(default=20, ge=1, le=100)

    @property
    def offset(self) -> int:
        """Return how many rows come before this page."""
        return (self.page - 1) * self.page_size


class Paged(Schema, Generic[T]):
    """One page of a list."""

    items: list[T]
    total: int
    page: int
    page_size: int
    total_pages: int


def paged(
    rows: "QuerySet[Any] | Sequence[Any]", page: Page, show: Callable[[Any], Any] = lambda row: row
) -> dict[str, Any]:
    """Return the page's items, each passed through `show`, with the totals; past the end there are none."""
    total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    here: Iterable[Any] = rows[page.offset : page.offset + page.page_size]
    return {
        "items": [show(row) for row in here],
        "total": total,
        "page": page.page,
        "page_size": page.page_size,
        "total_pages": -(-total // page.page_size),
    }
