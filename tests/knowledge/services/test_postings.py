"""The keyword index: BM25 over it is exact, whatever was merged, and writers share no row."""

import math
import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from kimono.lib.db import released
from knowledge.models import Posting, Segment, Unit
from knowledge.services import postings, scoring
from knowledge.services.postings import QUESTIONS, Listed
from knowledge.services.terms import terms
from tenants.models import Tenant
from tests.knowledge.filling import add_pair

TEXTS = ["how do i return a kimono", "how do i wash a kimono", "where is the shop", "return return return"]


def read(question: str) -> Listed:
    with connection.cursor() as cursor:
        return postings.read(set(terms(question)), cursor=cursor)[QUESTIONS]


def scores(question: str) -> dict[int, float]:
    match = scoring.match(set(terms(question)), read(question))
    return dict(zip(match.units.tolist(), match.scores.tolist(), strict=True))


def by_hand(question: str, texts: dict[int, str]) -> dict[int, float]:
    bags = {unit: Counter(terms(text)) for unit, text in texts.items()}
    mean = sum(bag.total() for bag in bags.values()) / len(bags)
    mass, found = 0.0, dict.fromkeys(texts, 0.0)
    for term in set(terms(question)):
        frequency = sum(term in bag for bag in bags.values())
        worth = math.log(1 + (len(bags) + 20 - frequency + 0.5) / (frequency + 0.5))
        mass += worth
        for unit, bag in bags.items():
            norm = 1.2 * (1 - 0.75 + 0.75 * bag.total() / mean)
            found[unit] += worth * bag[term] * 2.2 / (bag[term] + norm)
    return {unit: score / mass for unit, score in found.items() if score}


def add(texts: dict[int, str]) -> None:
    postings.add(collection=QUESTIONS, units={unit: Counter(terms(text)) for unit, text in texts.items()})


@pytest.mark.usefixtures("in_alpha")
class TestExactness:
    def test_scores_are_those_of_bm25(self) -> None:
        texts = dict(enumerate(TEXTS, start=1))
        add(texts)
        question = "how to return an umbrella"
        assert scores(question) == pytest.approx(by_hand(question, texts))

    def test_merging_changes_no_score(self) -> None:
        texts = {number: TEXTS[number % 4] + f" {number}" for number in range(1, 40)}
        for unit, text in texts.items():
            add({unit: text})
        assert Segment.objects.count() < 16
        assert sum(Segment.objects.values_list("units", flat=True)) == 39
        assert scores("return a kimono") == pytest.approx(by_hand("return a kimono", texts))

    def test_a_question_of_unknown_words_matches_nothing(self) -> None:
        add({1: "kimono"})
        assert scores("umbrella") == {}

    def test_far_apart_units_are_scored_alike(self) -> None:
        texts = {1: "kimono", 4_000_000_000: "kimono shop"}
        add(texts)
        assert scores("kimono") == pytest.approx(by_hand("kimono", texts))

    def test_too_common_terms_are_left_out_rather_than_read_without_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add({number: f"kimono w{number} x{number} y{number}" for number in range(1, 20)})
        monkeypatch.setattr(postings, "MOST_POSTINGS", 5)
        listed = read("kimono w3 x3 y3")
        assert postings.term_key("kimono") in listed.frequency
        assert postings.term_key("kimono") not in listed.postings
        assert len(listed.postings) == 3


@pytest.mark.usefixtures("in_alpha")
def test_purging_drops_what_is_gone_and_keeps_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [add_pair(f"how do i return kimono {number}") for number in range(6)]
    before = scores("return kimono 5")
    gone = set(Unit.objects.filter(pair__in=pairs[:3]).values_list("pk", flat=True))
    Unit.objects.filter(pk__in=gone).delete()
    assert set(before) & gone
    assert postings.purge() == len(gone)
    assert set(scores("return kimono 5")) == set(before) - gone
    assert not Posting.objects.filter(units=0).exists()
    assert sum(Segment.objects.values_list("units", flat=True)) == Unit.objects.count()


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_words_do_not_wait_for_each_other(alpha: Tenant) -> None:
    from kimono.lib.db import tenant_scope

    inside, done = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def slow() -> None:
        try:
            with tenant_scope(alpha), transaction.atomic():
                add_pair("如何退货？")
                inside.set()
                assert done.wait(20)
        except BaseException as error:
            failures.append(error)
        finally:
            released()

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        assert inside.wait(20)
        with tenant_scope(alpha), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            add_pair("如何退货？")
    finally:
        done.set()
        thread.join(20)
    assert not failures
    with tenant_scope(alpha):
        assert len(scores("如何退货？")) == 2
