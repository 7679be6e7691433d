"""Search from end to end: what is found, its score, its filters, its failures, and whose it is."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import kimono
from kimono import providers
from kimono.lib.db import tenant_scope
from kimono.providers.config import EmbeddingEndpoint, ProvidersConfig
from kimono.providers.standin.server import running
from knowledge.models import QAPair, Unit
from knowledge.services import indexing, retrieval, revisions, tuning
from knowledge.services.retrieval import legs
from knowledge.services.tuning import Params
from knowledge.services.visibility import view_of
from tenants.models import Tenant
from tenants.services.auditing import SYSTEM
from tests.knowledge.filling import add_document, add_pair, add_version, ask, encoded, encoder_id, search

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = Path(kimono.__file__).parent / "demo/content"


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CONTENT / name / "qa_pairs.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.usefixtures("in_alpha")
class TestFinding:
    def test_pairs_and_chunks_stand_in_one_order(self) -> None:
        pair = add_pair(
            "如何退货？", "签收后 7 天内可在“我的订单”中申请。", similar=["怎么退"], category="售后"
        )
        document = add_document("policy.md", "退货的运费由顾客承担。", "门店每天营业。", title="退换货政策")
        found = search("如何退货？")
        first, second, *_ = found.passages
        assert (first.kind, first.qa_id, first.answer, first.category) == (
            "qa",
            pair.public_id,
            pair.answer,
            "售后",
        )
        assert (second.kind, second.doc_id, second.version) == ("chunk", document.public_id, "v1")
        assert second.text == second.answer == "退货的运费由顾客承担。"
        assert second.url == f"/api/v1/knowledge/documents/{document.public_id}/file?version=v1"
        assert all(passage.quote in passage.text for passage in found.passages)
        assert first.score > second.score
        assert found.answerable
        assert found.knowledge_version == revisions.label()
        assert found.degraded is None

    def test_nothing_known_finds_nothing(self) -> None:
        found = search("如何退货？")
        assert found.passages == ()
        assert not found.answerable
        assert found.answerability == 0.0

    def test_traditional_full_width_and_case_are_one(self) -> None:
        pair = add_pair("VPN 连接不上怎么办？")
        add_pair("打印机卡纸怎么办？")
        for wording in ("ＶＰＮ 連接不上怎麼辦？", "vpn连接不上怎么办"):
            top = search(wording).passages[0]
            assert top.qa_id == pair.public_id
            assert top.score > 0.9

    def test_what_is_hidden_is_never_found_however_well_it_fits(self) -> None:
        # More hidden entries than a leg looks at in its first round.
        for _ in range(130):
            QAPair.objects.create(public_id=f"qa-{_}", question="如何退货？", answer="隐藏", enabled=False)
        indexing.index_pairs(pairs=list(QAPair.objects.all()), vectors=None, encoder_id="")
        shown = add_pair("退货可以吗", "可以")
        assert [p.qa_id for p in search("如何退货？").passages] == [shown.public_id]

    def test_a_change_is_found_in_the_next_search(self) -> None:
        pair = add_pair("如何退货？")
        assert search("如何退货？").passages
        QAPair.objects.filter(pk=pair.pk).update(enabled=False)
        assert not search("如何退货？").passages

    def test_validity_counts_at_the_time_of_the_view(self) -> None:
        now = timezone.now()
        add_pair("春节营业吗", valid_to=now)
        assert not search("春节营业吗", at=now).passages
        assert search("春节营业吗", at=now - timedelta(seconds=1)).passages


CODES = """# 4 错误代码

| 代码 | 含义 | 处理 |
| --- | --- | --- |
| E107 | 二次验证超时 | 60 秒内确认，检查手机时间是否自动校准 |
| E112 | 系统版本过低或未加密 | 升级系统，打开磁盘加密后重启 |
| E118 | 设备证书过期 | 连公司内网，运行“更新设备证书” |"""


@pytest.mark.usefixtures("in_alpha")
class TestTopic:
    """What is asked for must be spoken of; how it is asked is no matter."""

    @pytest.fixture(autouse=True)
    def filled(self, in_alpha: Tenant) -> None:
        add_pair("VPN 怎么安装和连接？", "在 Software Center 安装 QL Connect。", similar=["怎么连 VPN"])
        add_pair("VPN 老是断线怎么办？", "升级到 5.2 以上。", similar=["VPN 总是断开是什么原因？"])
        add_pair("做发型和化妆多少钱？", "盘发 39 元。", similar=["化妆多少钱"])
        add_pair(
            "情侣套餐多少钱？",
            "情侣套餐 388 元，含一套女士小纹和服和一套男士和服。",
            similar=["情侣套餐价格", "情侣租和服多少钱？", "双人情侣套餐有优惠吗"],
        )
        self.guide = add_document(
            "guide.md", "适用于全体员工。VPN 客户端采用分流。", CODES, title="VPN 使用指南"
        )
        self.prices = add_document(
            "prices.csv",
            "| 款式 | 日租价 |\n| --- | --- |\n| 情侣套餐 | 388 |\n| 家庭套餐 | 498 |\n| 羽织（HZ-402） | 359 |",
            title="租赁价目",
        )

    @pytest.mark.parametrize(
        "query", ["VPN 提示 E118 是什么意思？", "E118 是什么意思", "ｅ１１８怎么处理", "what does e118 mean"]
    )
    def test_a_rare_code_finds_its_passage(self, query: str) -> None:
        found = search(query)
        assert found.answerable
        assert "E118" in found.passages[0].text
        assert "设备证书过期" in ask(query).answer.text

    @pytest.mark.parametrize("query", ["HZ-402 多少钱", "hz402 价格", "ＨＺ－４０２ 多少钱"])
    def test_a_code_is_one_however_its_parts_are_joined(self, query: str) -> None:
        found = search(query)
        assert found.answerable
        assert found.passages[0].doc_id == self.prices.public_id

    @pytest.mark.parametrize(
        "query", ["E999 是什么意思", "VPN 提示 E999 是什么意思？", "HZ-999 多少钱", "HZ-403 多少钱一天"]
    )
    def test_a_code_that_nothing_holds_is_not_answered(self, query: str) -> None:
        assert not search(query).answerable

    def test_a_customers_own_number_changes_nothing(self) -> None:
        named = search("订单 ORD-100001 VPN 老是断线怎么办").passages[0]
        assert named.question == "VPN 老是断线怎么办？"

    @pytest.mark.parametrize("query", ["家庭套餐多少钱一天", "家庭套餐多少钱？"])
    def test_the_entry_that_names_what_is_asked_for_beats_one_that_is_worded_alike(self, query: str) -> None:
        found = search(query)
        assert found.passages[0].doc_id == self.prices.public_id
        assert "498" in ask(query).answer.text

    def test_a_near_miss_that_lacks_the_topic_is_less_sure(self) -> None:
        named, other = search("情侣套餐多少钱").answerability, search("围巾手套多少钱").answerability
        assert other < 0.3 < named


@pytest.mark.usefixtures("in_alpha")
class TestFilters:
    @pytest.fixture(autouse=True)
    def filled(self, in_alpha: Tenant) -> None:
        self.pair = add_pair("如何退货？", category="售后")
        self.other = add_pair("如何退货退款到账？", category="支付")
        self.document = add_document("policy.md", "退货须在七天内申请。", "运费由顾客承担。")

    def test_a_filter_leaves_out_and_changes_no_score(self) -> None:
        scores = {p.qa_id or p.chunk_id: p.score for p in search("如何退货", limit=20).passages}
        for options in (
            {"kind": "qa"},
            {"kind": "chunk"},
            {"category": "支付"},
            {"doc_id": self.document.public_id},
            {"candidates": [self.other.public_id]},
        ):
            found = search("如何退货", limit=20, **options).passages
            assert found
            assert len(found) < len(scores)
            assert {p.qa_id or p.chunk_id: p.score for p in found}.items() <= scores.items(), options

    def test_each_filter_keeps_what_it_names(self) -> None:
        assert {p.kind for p in search("退货", kind="chunk").passages} == {"chunk"}
        assert [p.qa_id for p in search("退货", category="售后").passages] == [self.pair.public_id]
        assert {p.doc_id for p in search("退货", doc_id=self.document.public_id).passages} == {
            self.document.public_id
        }

    def test_an_unknown_document_or_version_finds_nothing(self) -> None:
        assert not search("退货", doc_id="doc-none").passages
        assert not search("退货", doc_id=self.document.public_id, version="v9").passages
        assert not search("退货", doc_id=self.document.public_id, version="vx").passages

    def test_a_version_that_is_not_on_show_is_found_only_by_its_name(self) -> None:
        add_version(self.document, "退货须在三十天内申请。", status="staged")
        assert "三十" not in "".join(p.text for p in search("退货", limit=20).passages)
        found = search("退货", doc_id=self.document.public_id, version="v2").passages
        assert [p.version for p in found] == ["v2"]
        assert "三十" in found[0].text


@pytest.mark.usefixtures("in_alpha")
class TestScores:
    def test_off_topic_falls_under_the_threshold_and_the_merchants_own_wording_stays_above(self) -> None:
        for row in rows("kimono-rental"):
            add_pair(
                row["question"], row["answer"], similar=row["similar_questions"], keywords=row["keywords"]
            )
        threshold = tuning.effective().threshold.value
        own = [search(row["question"]) for row in rows("kimono-rental")[::8]]
        assert all(found.answerable and found.passages[0].score >= 0.5 for found in own)
        off_topic = [
            "今天天气怎么样",
            "红烧肉怎么做",
            "世界杯冠军是谁",
            "how do I bake bread",
            "量子力学是什么",
        ]
        for question in off_topic:
            found = search(question)
            assert not found.answerable, question
            assert all(passage.score < threshold for passage in found.passages)
            assert found.answerability < 0.5

    def test_what_is_asked_alike_about_something_else_is_no_answer_where_it_is_all_there_is(self) -> None:
        add_pair("运费怎么算？", "满 99 元包邮。", similar=["运费多少"])
        for question in ("押金是多少？", "振袖清洗费是多少？"):
            found = search(question)
            assert not found.answerable and found.passages[0].score >= found.threshold
            assert search(question, params=tuning.effective({"threshold_mode": "fixed"})).answerable
        assert search("运费多少钱").answerable

    def test_scores_fall_and_lie_between_0_and_1(self) -> None:
        for number in range(12):
            add_pair(f"第 {number} 号和服怎么退货")
        scores = [p.score for p in search("和服怎么退货", limit=20).passages]
        assert len(scores) == 12
        assert all(0 < score < 1 for score in scores)
        assert all(before > after for before, after in pairwise(scores))

    def test_fusion_by_rank_is_honoured(self) -> None:
        for number in range(5):
            add_pair(f"和服 {number}")
        by_score = search("和服 3", params=tuning.effective()).passages
        by_rank = search("和服 3", params=tuning.effective({"fusion": "rank", "rrf_k": 1})).passages
        assert {p.qa_id for p in by_score} == {p.qa_id for p in by_rank}
        assert by_score[0].question == by_rank[0].question == "和服 3"

    def test_a_fixed_threshold_decides_what_is_answerable(self) -> None:
        add_pair("如何退货？")
        add_pair("如何退款？")
        tuning.put(values={"threshold_mode": "fixed", "similarity_threshold": 1.0}, by=SYSTEM)
        found = search("如何退货？")
        assert (found.threshold, found.answerable) == (1.0, False)
        assert tuning.reset(by=SYSTEM).threshold.value == Params().similarity_threshold
        assert search("如何退货？").answerable

    def test_limits_of_the_legs_are_honoured(self) -> None:
        for number in range(30):
            add_pair(f"和服 {number}")
        few = search("和服", limit=20, params=tuning.effective({"bm25_top_k": 1, "vector_top_k": 1}))
        many = search("和服", limit=20)
        assert 1 <= len(few.passages) < len(many.passages) == 20


@pytest.mark.usefixtures("in_alpha")
def test_without_the_embedding_model_words_alone_decide() -> None:
    add_pair("如何退货？")
    add_pair("门店在哪里？")
    Unit.objects.exclude(encoder_id="").update(encoder_id="standin-embed-384")
    before = providers.current().config
    with running() as server:
        server.behave("500")
        endpoint = EmbeddingEndpoint("local", server.base_url, "standin-embed", dimensions=384, batch=4)
        providers.install(ProvidersConfig(embedding=endpoint))
        try:
            found = search("如何退货")
        finally:
            providers.install(before)
    assert found.degraded == "embedding_unavailable"
    assert found.passages[0].question == "如何退货？"
    assert found.answerable
    assert found.passages[0].scores.vector is None


@pytest.mark.usefixtures("in_alpha")
def test_the_nearest_are_looked_for_where_the_local_encoder_sees_more_than_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(legs, "FEW_ROWS", 0)
    for number in range(30):
        add_pair(f"和服 {number}")
    add_pair("cancellation of an order")
    assert _nearest("和服怎么洗") == ([], 0)
    assert _nearest("cancelation 和服") == (["cancellation of an order"], 1)
    # Where words bring little, vectors are asked all the same.
    assert _nearest("松柏")[1] == 1


def _nearest(question: str) -> tuple[list[str], int]:
    """Return the English questions that are found, and how often the nearest vectors were asked for."""
    query = legs.Query(question, encoded([question])[0], encoder_id())
    with CaptureQueriesContext(connection) as asked:
        found = retrieval.find(asked=query, limit=50, view=view_of(), params=Params())
    times = sum("ORDER BY (embedding" in statement["sql"] for statement in asked.captured_queries)
    return [passage.question for passage in found.passages if passage.question.isascii()], times


@pytest.mark.usefixtures("in_alpha")
def test_vectors_of_another_encoder_are_not_compared() -> None:
    pair = add_pair("如何退货？")
    Unit.objects.filter(pair=pair).update(encoder_id="another-384")
    top = search("如何退货？").passages[0]
    assert top.qa_id == pair.public_id
    assert top.scores.vector is None


def test_two_merchants_with_equal_keys_never_see_each_other(
    alpha: Tenant, beta: Tenant, equal_ids: Callable[[], Any]
) -> None:
    words = {alpha: "紫藤", beta: "松柏"}
    keys = {}
    for tenant, word in words.items():
        with tenant_scope(tenant), equal_ids():
            pair = add_pair(f"{word}怎么退货", f"{word}的答案")
            add_document("policy.md", f"{word}退货须知")
            keys[tenant] = (pair.pk, pair.public_id.rsplit("-", 1)[0])
    assert keys[alpha][1] == keys[beta][1]
    for tenant, foreign in ((alpha, words[beta]), (beta, words[alpha])):
        with tenant_scope(tenant):
            for question in ("怎么退货", foreign, f"{foreign}怎么退货"):
                found = search(question, limit=20)
                assert words[tenant] in found.passages[0].text
                assert foreign not in repr(found.passages)
