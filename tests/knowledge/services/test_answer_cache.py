"""The cache of answers: what its key holds, when an answer dies, and that it is never missed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisGone

from kimono.lib.db import tenant_scope
from kimono.providers import registry
from kimono.providers.config import ProvidersConfig, RerankEndpoint
from knowledge.models import QAPair
from knowledge.services import answer_cache, tuning, visibility
from tenants.models import Tenant
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM
from tests.knowledge.filling import add_document, add_pair, add_version, ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("in_alpha")
class TestKey:
    @pytest.fixture(autouse=True)
    def filled(self, in_alpha: Tenant) -> None:
        self.pair = add_pair("如何退货？", "七天内可退。")
        assert not ask("如何退货？").answer.cached

    def test_the_same_question_is_answered_from_the_cache(self) -> None:
        turn = ask("如何退货？", unit="somebody-else")
        assert turn.answer.cached
        assert turn.answer.text == "七天内可退。[1]"
        assert turn.answer.citations[0].passage.qa_id == self.pair.public_id
        assert [step.name for step in turn.steps] == ["answer_cache"]
        assert turn.pieces == ["七天内可退。[1]"]

    def test_wordings_that_fold_to_one_are_one(self) -> None:
        assert ask("如何退貨？").answer.cached

    def test_another_rewritten_question_is_another_one(self) -> None:
        assert not ask("如何退货？", rewritten="如何退货给门店？").answer.cached

    def test_a_window_that_goes_along_is_not_cached(self) -> None:
        assert not ask("如何退货？", rewritten="", window=[("user", "我买了和服")]).answer.cached
        assert ask("如何退货？", rewritten="", window=[]).answer.cached

    def test_what_may_not_be_cached_is_neither_kept_nor_used(self) -> None:
        assert not ask("如何退货？", cacheable=False).answer.cached
        add_pair("营业时间？", "九点到六点。")
        assert not ask("营业时间？", cacheable=False).answer.cached
        assert not ask("营业时间？").answer.cached

    CHANGES: ClassVar[dict[str, Callable[["TestKey"], object]]] = {
        "knowledge": lambda self: add_pair("门店在哪里？"),
        "parameters": lambda self: tuning.put(values={"bm25_top_k": 30}, by=SYSTEM),
        "settings": lambda self: tenant_settings.update(
            patch={"privacy": {"mask_contacts": False}}, by=SYSTEM
        ),
        "cleared": lambda self: answer_cache.invalidate(),
    }

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_change_makes_the_answer_anew(self, change: Callable[["TestKey"], object]) -> None:
        assert ask("如何退货？").answer.cached
        change(self)
        assert not ask("如何退货？").answer.cached
        assert ask("如何退货？").answer.cached

    def test_language_and_an_experiments_parameters_are_in_the_key(self) -> None:
        assert not ask("如何退货？", language="en").answer.cached
        assert not ask("如何退货？", params=tuning.effective({"rerank_top_k": 3})).answer.cached

    def test_the_reranker_is_in_the_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = [self.key()]
        for model in ("bge-reranker-v2-m3", "gte-rerank-v2"):
            endpoint = RerankEndpoint("local", "http://127.0.0.1:9", model)
            monkeypatch.setattr(registry, "_current", registry.build(ProvidersConfig(rerank=endpoint)))
            keys.append(self.key())
        assert len(set(keys)) == 3

    @staticmethod
    def key() -> answer_cache.Key:
        return answer_cache.key_for(
            question="x", view=visibility.View("", timezone.now()), params=tuning.effective(), language="zh"
        )

    def test_who_sees_a_canary_has_answers_of_its_own(self) -> None:
        document = add_document("a.md", "运费由顾客承担。")
        add_version(document, "运费由我们承担。", status="canary", traffic_percent=50)
        units = [f"unit-{number}" for number in range(40)]
        canary = next(u for u in units if visibility.canaries(visibility.view_of(u)))
        current = next(u for u in units if not visibility.canaries(visibility.view_of(u)))
        assert ask("运费由谁承担", unit=canary).answer.text == "运费由我们承担。[1]"
        assert ask("运费由谁承担", unit=current).answer.text == "运费由顾客承担。[1]"
        assert ask("运费由谁承担", unit=canary).answer.cached

    def test_a_refusal_is_not_kept(self) -> None:
        assert ask("明天天气").answer.outcome == "refused"
        assert not ask("明天天气").answer.cached


@pytest.mark.usefixtures("in_alpha")
def test_an_answer_dies_when_a_pair_begins_or_ceases_to_be_valid() -> None:
    now = timezone.now()
    add_pair("如何退货？", "七天内可退。")
    add_pair("春节营业吗？", valid_from=now + timedelta(seconds=2))
    key = answer_cache.key_for(
        question="x", view=visibility.View("", now), params=tuning.effective(), language="zh"
    )
    given = ask("如何退货？").answer
    assert answer_cache.store(key, given, view=visibility.View("", now))
    backend: Any = caches["default"]
    left = backend._cache.get_client().pttl(backend.make_key(answer_cache._full(key)))
    assert 0 < left <= 2000
    late = visibility.View("", now + timedelta(seconds=1.5))
    assert not answer_cache.store(answer_cache.Key(key.shelf, "other"), given, view=late)


@pytest.mark.usefixtures("in_alpha")
def test_figures_and_clearing() -> None:
    QAPair.objects.all().delete()
    add_pair("如何退货？")
    add_pair("营业时间？")
    before = answer_cache.stats()
    for question in ("如何退货？", "如何退货？", "营业时间？"):
        ask(question)
    figures = answer_cache.stats()
    assert (figures.hits - before.hits, figures.misses - before.misses, figures.size) == (1, 2, 2)
    assert figures.hit_rate == pytest.approx(figures.hits / (figures.hits + figures.misses))
    assert answer_cache.invalidate() == 2
    assert answer_cache.stats().size == 0
    assert answer_cache.invalidate() == 0


@pytest.mark.usefixtures("in_alpha")
def test_without_redis_there_is_no_cache_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise RedisGone("gone")

    add_pair("如何退货？", "七天内可退。")
    ask("如何退货？")
    with monkeypatch.context() as patch:
        for name in ("get", "get_many", "add", "incr"):
            patch.setattr(RedisCache, name, gone)
        turn = ask("如何退货？")
        assert (turn.answer.text, turn.answer.cached) == ("七天内可退。[1]", False)
        assert answer_cache.stats().hits == 0
        answer_cache.invalidate()
    # Emptied while Redis was away, and empty when it is back.
    assert not ask("如何退货？").answer.cached


def test_merchants_share_nothing(alpha: Tenant, beta: Tenant, equal_ids: Callable[[], Any]) -> None:
    for tenant, word in ((alpha, "紫藤"), (beta, "松柏")):
        with tenant_scope(tenant), equal_ids():
            add_pair("如何退货？", f"{word}的答案。")
    for tenant, word in ((alpha, "紫藤"), (beta, "松柏"), (alpha, "紫藤"), (beta, "松柏")):
        with tenant_scope(tenant):
            assert ask("如何退货？").answer.text == f"{word}的答案。[1]"
    with tenant_scope(alpha):
        assert answer_cache.invalidate() == 1
    with tenant_scope(beta):
        assert ask("如何退货？").answer.cached
