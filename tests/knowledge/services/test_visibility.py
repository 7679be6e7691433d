"""What search may find: the only definition, from every side."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge.models import Document, QAPair, Unit
from knowledge.services import visibility
from knowledge.services.visibility import View
from tests.knowledge.filling import add_document, add_pair, add_version

pytestmark = pytest.mark.usefixtures("in_alpha")
NOW = timezone.now()


def seen(view: View) -> set[int]:
    return set(visibility.searchable(view).values_list("pk", flat=True))


def by_condition(view: View) -> set[int]:
    found = visibility.shown(view, seen=visibility.canaries(view))
    return set(Unit.objects.extra(where=[found.sql], params=list(found.params)).values_list("pk", flat=True))


HIDDEN: dict[str, Callable[[], object]] = {
    "disabled pair": lambda: add_pair("如何退货？", enabled=False),
    "deleted pair": lambda: add_pair("如何退货？", status=QAPair.Status.DELETED),
    "pair not yet valid": lambda: add_pair("如何退货？", valid_from=NOW + timedelta(hours=1)),
    "pair no longer valid": lambda: add_pair("如何退货？", valid_to=NOW),
    "disabled document": lambda: add_document("a.md", "如何退货", status="disabled"),
    "deleted document": lambda: add_document("a.md", "如何退货", status="deleted"),
    "document being processed": lambda: add_document("a.md", "如何退货", status="processing"),
}


@pytest.mark.parametrize("make", HIDDEN.values(), ids=HIDDEN)
def test_hidden(make: Callable[[], object]) -> None:
    make()
    assert Unit.objects.exists()
    assert seen(View("visitor", NOW)) == by_condition(View("visitor", NOW)) == set()


SHOWN: dict[str, Callable[[], object]] = {
    "pair": lambda: add_pair("如何退货？", similar=["怎么退"]),
    "pair valid from now": lambda: add_pair("如何退货？", valid_from=NOW),
    "pair valid a little longer": lambda: add_pair("如何退货？", valid_to=NOW + timedelta(seconds=1)),
    "document": lambda: add_document("a.md", "如何退货", "运费"),
}


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
def test_shown(make: Callable[[], object]) -> None:
    make()
    everything = set(Unit.objects.values_list("pk", flat=True))
    assert seen(View("visitor", NOW)) == by_condition(View("visitor", NOW)) == everything


@pytest.mark.parametrize("status", ["superseded", "staged", "deleted"])
def test_other_versions_are_hidden(status: str) -> None:
    document = add_document("a.md", "七天可退")
    add_version(document, "十五天可退", status=status)
    units = visibility.searchable(View("visitor", NOW))
    assert set(units.values_list("version_id", flat=True)) == {document.current_version_id}


def versions(document: Document, unit: str, *, canary: bool = True) -> set[str]:
    view = View(unit, NOW, canary=canary)
    rows = visibility.searchable(view).select_related("version")
    assert seen(view) == by_condition(view)
    return {row.version.label for row in rows if row.version}


def test_a_canary_is_seen_by_its_share_of_units_and_by_the_same_ones_each_time() -> None:
    document = add_document("a.md", "七天可退")
    add_version(document, "十五天可退", status="canary", traffic_percent=30)
    units = [f"sess-{number}" for number in range(200)]
    first = {unit: versions(document, unit) for unit in units}
    assert all(len(labels) == 1 for labels in first.values())
    share = sum(labels == {"v2"} for labels in first.values()) / len(units)
    assert 0.2 < share < 0.4
    assert {unit: versions(document, unit) for unit in units[:40]} == {u: first[u] for u in units[:40]}


def test_a_canary_is_never_seen_without_a_unit_or_by_who_declines_it() -> None:
    document = add_document("a.md", "七天可退")
    add_version(document, "十五天可退", status="canary", traffic_percent=50)
    assert versions(document, "") == {"v1"}
    assert all(versions(document, f"u{number}", canary=False) == {"v1"} for number in range(20))


def test_a_canary_without_traffic_or_of_a_disabled_document_is_hidden() -> None:
    document = add_document("a.md", "七天可退")
    add_version(document, "十五天可退", status="canary", traffic_percent=0)
    other = add_document("b.md", "运费", status="disabled")
    add_version(other, "运费全免", status="canary", traffic_percent=50)
    assert all(versions(document, f"u{number}") == {"v1"} for number in range(20))


def test_the_next_change_is_the_nearest_begin_or_end_to_come() -> None:
    view = View("", NOW)
    assert visibility.next_change(view) is None
    add_pair("一", valid_from=NOW - timedelta(hours=3), valid_to=NOW + timedelta(hours=3))
    add_pair("二", valid_from=NOW + timedelta(hours=2))
    add_pair("三", valid_to=NOW + timedelta(hours=1), enabled=False)
    assert visibility.next_change(view) == NOW + timedelta(hours=2)
