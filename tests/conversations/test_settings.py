"""The sections of the settings that this floor owns: defaults, ranges, presets."""

from typing import Any

import pytest

from conversations.services import sections, widget_secret
from conversations.services.sections import HandoffSettings, WidgetSettings
from kimono.lib.errors import Invalid
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM


def _set(**patch: Any) -> dict[str, Any]:
    return tenant_settings.update(patch=patch, by=SYSTEM)


def test_the_defaults_are_those_of_the_contract(in_alpha: Any) -> None:
    shown = tenant_settings.read()
    assert shown["handoff"] == {
        "preset": "merchant",
        "failed_threshold": 3,
        "on_no_answer": "offer",
        "working_hours": None,
        "urgent_words": ["紧急", "马上", "投诉"],
    }
    assert shown["chat"] == {
        "greeting": "您好，请问有什么可以帮您？",
        "refusal": "抱歉，我没有找到相关资料。",
        "max_history_turns": 5,
        "burst_merge_ms": 0,
    }
    assert shown["csat"] == {"enabled": True}
    assert shown["vip"] == {"levels": ["normal", "silver", "gold", "vip", "svip"], "from": "vip"}
    assert shown["business"] == {"adapter": "none"}
    widget = shown["widget"]
    assert widget.pop("secret_prefix").startswith("ws_")
    assert widget == {
        "allowed_origins": [],
        "title": "在线客服",
        "color": "#2f54eb",
        "position": "right",
        "require_user_hash": False,
    }


def test_a_preset_sets_its_pair_and_gives_way_to_what_is_set(in_alpha: Any) -> None:
    shown = _set(handoff={"preset": "helpdesk"})
    assert (shown["handoff"]["on_no_answer"], shown["handoff"]["failed_threshold"]) == ("transfer", 1)
    shown = _set(handoff={"failed_threshold": 2})
    assert (shown["handoff"]["on_no_answer"], shown["handoff"]["failed_threshold"]) == ("transfer", 2)
    policy = sections.policy()
    assert (policy.on_no_answer, policy.failed_threshold) == ("transfer", 2)


@pytest.mark.parametrize(
    ("patch", "loc"),
    [
        ({"handoff": {"failed_threshold": 11}}, ["body", "handoff", "failed_threshold"]),
        ({"handoff": {"on_no_answer": "guess"}}, ["body", "handoff", "on_no_answer"]),
        (
            {
                "handoff": {
                    "working_hours": {"tz": "Mars/Base", "days": [1], "start": "09:00", "end": "18:00"}
                }
            },
            ["body", "handoff", "working_hours", "tz"],
        ),
        (
            {"handoff": {"working_hours": {"tz": "UTC", "days": [8], "start": "09:00", "end": "18:00"}}},
            ["body", "handoff", "working_hours", "days"],
        ),
        (
            {"handoff": {"working_hours": {"tz": "UTC", "days": [1], "start": "9", "end": "18:00"}}},
            ["body", "handoff", "working_hours", "start"],
        ),
        ({"chat": {"max_history_turns": 21}}, ["body", "chat", "max_history_turns"]),
        ({"chat": {"burst_merge_ms": 5001}}, ["body", "chat", "burst_merge_ms"]),
        ({"widget": {"color": "blue"}}, ["body", "widget", "color"]),
        ({"widget": {"allowed_origins": ["shop.example.com"]}}, ["body", "widget", "allowed_origins"]),
        ({"widget": {"allowed_origins": ["https://*.example.com"]}}, ["body", "widget", "allowed_origins"]),
        ({"vip": {"levels": ["a", "b"]}}, ["body", "vip"]),
        ({"business": {"adapter": "sap"}}, ["body", "business", "adapter"]),
    ],
)
def test_what_is_out_of_range_is_named(in_alpha: Any, patch: dict[str, Any], loc: list[str]) -> None:
    before = tenant_settings.read()
    with pytest.raises(Invalid) as refused:
        _set(**patch)
    detail = refused.value.detail
    assert isinstance(detail, list)
    assert detail[0]["loc"][: len(loc)] == loc
    assert tenant_settings.read() == before


def test_the_demos_business_is_refused_in_production(in_alpha: Any, settings: Any) -> None:
    settings.PROFILE = "production"
    with pytest.raises(Invalid):
        _set(business={"adapter": "demo"})


def test_a_vip_level_of_ones_own(in_alpha: Any) -> None:
    shown = _set(vip={"levels": ["bronze", "diamond"], "from": "diamond"})
    assert shown["vip"] == {"levels": ["bronze", "diamond"], "from": "diamond"}
    assert sections.policy().vip_from == "diamond"


def test_a_user_id_is_vouched_for_by_the_merchants_own_secret(in_alpha: Any) -> None:
    import hashlib
    import hmac

    secret = widget_secret.secret(0)
    good = hmac.new(secret.encode(), b"u_1", hashlib.sha256).hexdigest()
    assert widget_secret.vouches(user_id="u_1", user_hash=good)
    assert not widget_secret.vouches(user_id="u_2", user_hash=good)
    assert tenant_settings.get(WidgetSettings).secret_prefix == secret[:7]


def test_secrets_of_two_merchants_differ(alpha: Any, beta: Any) -> None:
    from kimono.lib.db import tenant_scope

    with tenant_scope(alpha):
        one = widget_secret.secret(0)
    with tenant_scope(beta):
        assert widget_secret.secret(0) != one


def test_hours_may_go_over_midnight_but_not_last_no_time(in_alpha: Any) -> None:
    night = {"tz": "UTC", "days": [1], "start": "22:00", "end": "06:00"}
    assert _set(handoff={"working_hours": night})["handoff"]["working_hours"] == night
    with pytest.raises(Invalid):
        _set(handoff={"working_hours": {**night, "end": "22:00"}})
    assert tenant_settings.get(HandoffSettings).working_hours is not None


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["紧急"] * 51, []), (["x" * 51], [0]), (["马上", ""], [1]), (["马上", "  "], [1]), ([5], [0]), (None, []),
    ],
)  # fmt: skip
def test_urgent_words_are_bounded(words: Any, place: list[int], in_alpha: Any) -> None:
    before = tenant_settings.read()
    with pytest.raises(Invalid) as refused:
        _set(handoff={"urgent_words": words})
    assert refused.value.detail[0]["loc"] == ["body", "handoff", "urgent_words", *place]  # type: ignore[index]
    assert tenant_settings.read() == before
    most = [f"{number:050}" for number in range(50)]
    assert _set(handoff={"urgent_words": most})["handoff"]["urgent_words"] == most
