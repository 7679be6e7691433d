"""Sections of settings: defaults, deep merge, and the key that is wrong."""

from typing import Any

import pytest
from pydantic import Field

from kimono.lib import settings_registry
from kimono.lib.errors import Invalid
from kimono.lib.settings_registry import Section, deep_merge


class Shop(Section):
    """A section of this test."""

    days: int = Field(default=3, ge=1, le=9)
    words: list[str] = Field(default=["a"])


@pytest.fixture(autouse=True)
def _one_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_registry, "_sections", {"shop": Shop})


def test_defaults_and_overrides() -> None:
    assert settings_registry.resolve({}) == {"shop": {"days": 3, "words": ["a"]}}
    assert settings_registry.resolve({"shop": {"days": 5, "unknown": 1}, "other": {}}) == {
        "shop": {"days": 5, "words": ["a"]}
    }
    assert settings_registry.section(Shop, {"shop": {"words": []}}).words == []


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"shop": {"days": 0}}, ["body", "shop", "days"]),
        ({"shop": {"days": "5"}}, ["body", "shop", "days"]),
        ({"shop": {"days": True}}, ["body", "shop", "days"]),
        ({"shop": {"days": None}}, ["body", "shop", "days"]),
        ({"shop": {"words": ["a", 1]}}, ["body", "shop", "words", 1]),
        ({"shop": []}, ["body", "shop"]),
        ({"shop": None}, ["body", "shop"]),
    ],
)
def test_a_wrong_value_names_its_key(wrong: dict[str, Any], loc: list[Any]) -> None:
    with pytest.raises(Invalid) as refused:
        settings_registry.resolve(wrong)
    assert isinstance(refused.value.detail, list)
    assert refused.value.detail[0]["loc"] == loc


def test_objects_merge_lists_and_values_replace() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert deep_merge(base, {"a": {"c": [3]}, "e": 2}) == {"a": {"b": 1, "c": [3]}, "d": 1, "e": 2}
    assert deep_merge(base, {"a": 5}) == {"a": 5, "d": 1}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}
