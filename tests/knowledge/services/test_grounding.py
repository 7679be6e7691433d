"""Which sentences a text supports."""

import pytest

from knowledge.services.grounding import Span, support

POLICY = "签收后 7 天内可申请退货，商品须保持完好。定制和服不支持退货。退款在 3 个工作日内原路退回。"
GUIDE = (
    "The VPN client must be updated every 30 days. Guests cannot use the office printer. Ask IT for Outlook."
)

SUPPORTED = [
    ("签收后 7 天内可申请退货，商品须保持完好。", POLICY),
    ("签收后七天内可以申请退货。", POLICY),
    ("定制和服不支持退货。", POLICY),
    ("退款会在3个工作日内原路退回。", POLICY),
    ("Update the VPN client every 30 days.", GUIDE),
    ("Guests can't use the office printer.", GUIDE),
]
UNSUPPORTED = [
    ("签收后 15 天内可申请退货，商品须保持完好。", POLICY, "number"),
    ("定制和服支持退货。", POLICY, "negation dropped"),
    ("签收后 7 天内不可申请退货。", POLICY, "negation added"),
    ("退款在 3 个工作日内退到支付宝 Alipay。", POLICY, "name"),
    ("所有商品享受终身保修。", POLICY, "invention"),
    ("定制和服 7 天内可申请退货。", POLICY, "merged facts"),
    ("Guests can use the office printer.", GUIDE, "negation dropped"),
    ("Update the VPN client every 90 days.", GUIDE, "number"),
    ("Ask IT for Teams.", GUIDE, "name"),
    ("好的！", POLICY, "nothing said"),
    ("", POLICY, "empty"),
]


@pytest.mark.parametrize(("sentence", "source"), SUPPORTED)
def test_supported(sentence: str, source: str) -> None:
    span = support(sentence, [source])
    assert span is not None
    assert 0 <= span.start < span.end <= len(source)


@pytest.mark.parametrize(("sentence", "source", "why"), UNSUPPORTED)
def test_unsupported(sentence: str, source: str, why: str) -> None:
    assert support(sentence, [source]) is None, why


def test_the_span_is_the_shortest_that_does() -> None:
    span = support("定制和服不支持退货。", [GUIDE, POLICY])
    assert span == Span(1, POLICY.index("定制"), POLICY.index("退款"))


def test_a_hint_decides_only_between_sources_that_do_support() -> None:
    start, end = POLICY.index("定制"), POLICY.index("退款")
    for hint, place in ((2, 2), (1, 0), (40, 0), (None, 0)):
        assert support("定制和服不支持退货。", [POLICY, GUIDE, POLICY], hint=hint) == Span(place, start, end)
