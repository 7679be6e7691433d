"""The index follows pairs and versions; vectors that came late find their text again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from kimono.lib import db
from knowledge.models import QAPair, SimilarQuestion, Unit
from knowledge.services import indexing, postings, scoring, tuning, vectors, visibility
from knowledge.services.retrieval import find
from knowledge.services.retrieval.legs import Query
from knowledge.services.terms import terms
from tenants.models import Tenant
from tests.knowledge.filling import add_document, add_pair, encoded, encoder_id, search


@pytest.mark.usefixtures("in_alpha")
class TestVectors:
    def test_units_without_a_vector_are_listed_with_their_own_text(self) -> None:
        pair = add_pair("如何退货？", "七天内。", similar=["怎么退", "想退货"])
        document = add_document("a.md", "运费由顾客承担。", title="运费")
        Unit.objects.update(embedding=None, encoder_id="")
        listed = indexing.unsynced_units(limit=10)
        assert sorted(text for _, text in listed) == sorted(
            ["如何退货？", "怎么退", "想退货", "运费由顾客承担。"]
        )
        assert [text for _, text in indexing.unsynced_units(limit=2)] == ["如何退货？", "怎么退"]
        made = dict(zip([pk for pk, _ in listed], encoded([text for _, text in listed]), strict=True))
        assert indexing.store_vectors(vectors=made, encoder_id=encoder_id()) == 4
        assert indexing.unsynced_units(limit=10) == []
        pair.refresh_from_db()
        document.refresh_from_db()
        assert pair.is_synced
        assert document.current_version is not None
        assert document.current_version.is_synced

    def test_a_pair_is_synced_only_when_all_of_its_wordings_are(self) -> None:
        pair = add_pair("如何退货？", similar=["怎么退"])
        Unit.objects.update(embedding=None, encoder_id="")
        (first, text), *_ = indexing.unsynced_units(limit=10)
        indexing.store_vectors(vectors={first: encoded([text])[0]}, encoder_id=encoder_id())
        pair.refresh_from_db()
        assert not pair.is_synced

    def test_vectors_of_another_encoder_are_to_be_made_anew(self) -> None:
        add_pair("如何退货？")
        assert indexing.unsynced_units(limit=10, encoder_id=encoder_id()) == []
        assert len(indexing.unsynced_units(limit=10, encoder_id="another-1024")) == 1


@pytest.mark.django_db(transaction=True)
class TestFollowing:
    def test_indexing_again_replaces_what_was_there(self, in_alpha: Tenant) -> None:
        pair = add_pair("如何退货？", similar=["怎么退"])
        SimilarQuestion.objects.filter(pair=pair).delete()
        QAPair.objects.filter(pk=pair.pk).update(question="门店在哪里？")
        pair = QAPair.objects.get(pk=pair.pk)
        indexing.index_pairs(pairs=[pair], vectors=None, encoder_id="")
        assert Unit.objects.filter(pair=pair).count() == 2
        assert search("怎么退").passages == ()
        assert search("门店在哪里").passages[0].qa_id == pair.public_id

    def test_a_version_indexed_twice_is_there_once(self, in_alpha: Tenant) -> None:
        document = add_document("a.md", "运费由顾客承担。", "门店每天营业。")
        assert document.current_version is not None
        assert indexing.index_version(version=document.current_version, vectors=None, encoder_id="") == 2
        assert Unit.objects.filter(version=document.current_version).count() == 2
        assert len(search("运费由谁承担").passages) == 1

    def test_removed_is_not_found(self, in_alpha: Tenant) -> None:
        pair, document = add_pair("如何退货？"), add_document("a.md", "如何退货：七天内。")
        assert document.current_version is not None
        indexing.remove_pairs(pair_ids=[pair.pk])
        assert [p.kind for p in search("如何退货").passages] == ["chunk"]
        indexing.remove_version(version=document.current_version)
        assert search("如何退货").passages == ()

    def test_the_title_and_section_of_a_chunk_are_searched_but_not_shown(self, in_alpha: Tenant) -> None:
        add_document("a.md", "需在七天内申请。", title="退货政策")
        (passage,) = search("退货政策").passages
        assert passage.text == "需在七天内申请。"


@pytest.fixture
def no_vector_index(in_alpha: Tenant) -> Iterator[None]:
    """Leave no index behind: the rows of a test are put back after it, its structure is not."""
    yield
    with db.owner_connection() as raw:
        raw.execute(f"DROP INDEX IF EXISTS {in_alpha.schema_name}.{vectors._name(encoder_id())}")


@pytest.mark.django_db(transaction=True)
def test_a_large_table_gets_an_index_that_serves_the_search(
    no_vector_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "HNSW_ROWS", 20)
    for number in range(8):
        add_pair(
            f"第 {number} 号和服", similar=[f"和服编号 {number}", f"{number} 号那套", f"编号是 {number} 的"]
        )
    assert vectors.waiting() == [encoder_id()]
    assert vectors.build(encoder_id=encoder_id())
    assert not vectors.build(encoder_id=encoder_id())
    assert vectors.waiting() == []
    asked: list[tuple[str, Any]] = []

    def listen(run: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((statement, params))
        return run(statement, params, many, context)

    with connection.execute_wrapper(listen):
        assert search_here("第 3 号和服") == "第 3 号和服"
    statement, params = next((sql, params) for sql, params in asked if "ORDER BY (embedding" in sql)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('enable_seqscan', 'off', false), set_config('enable_sort', 'off', false)"
        )
        cursor.execute("EXPLAIN " + statement, params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET ALL")
    assert vectors._name(encoder_id()) in plan


def search_here(question: str) -> str:
    """Search in this thread and return the first question found."""
    found = find(
        asked=Query(question, encoded([question])[0], encoder_id()),
        limit=1,
        view=visibility.view_of(),
        params=tuning.effective(),
    )
    return found.passages[0].question


def test_terms_are_stored_under_numbers_that_do_not_change() -> None:
    assert postings.term_key("退货") == postings.term_key("退货")
    assert postings.term_key("kimono") == -703367253829350982
    assert len({postings.term_key(term) for term in terms("如何退货以及怎么退款")}) == len(
        set(terms("如何退货以及怎么退款"))
    )
    assert scoring.idf(1, 100) > scoring.idf(50, 100) > 0
