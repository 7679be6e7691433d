import unicodedata
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services import folding
from knowledge.services.folding import clean, detect_language, fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Ｗｉ－Ｆｉ　密碼", "wi-fi 密码"),
        ("請問如何辦理退貨？", "请问如何办理退货?"),
        ("乾隆皇帝", "乾隆皇帝"),
        ("退\u200b货\u202e流\U000e0041程\ufe0f", "退货流程"),
        ("  Straße \t\n  İ ", "strasse i̇"),
        ("①②㎏ﬁ", "12kgfi"),
        ("ASCII Only", "ascii only"),
        ("", ""),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_fold_is_idempotent_and_clean_never_adds(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert clean(clean(text)) == clean(text)
    clean(text).encode("utf-8")
    assert len(clean(text)) <= len(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_clean_keeps_what_is_written(text: str) -> None:
    fillers = {"\u115f", "\u1160", "\u3164", "\uffa0"}
    assert clean(text) == "".join(character for character in text if character not in fillers)


def test_clean_keeps_width_case_and_script() -> None:
    assert clean("Ａ請ﬁ é\u00a0") == "Ａ請ﬁ é\u00a0"
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert clean("\x00\x1b[31mred\ud800") == "[31mred"


def test_every_zero_width_format_character_is_removed() -> None:
    visible = {0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2}
    left = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and clean(chr(code)) and code not in visible
    ]
    # Egyptian and Kaithi signs of this category are seen, as the Arabic ones above are.
    assert all(0x110BD <= int(code, 16) <= 0x110CD or 0x13430 <= int(code, 16) <= 0x1345F for code in left)


def test_a_long_run_without_punctuation_is_folded() -> None:
    assert fold("請問" * 5000) == "请问" * 5000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("怎么退货", "zh"),
        ("Outlook Teams VPN 打不开", "zh"),
        ("What does 退款 mean?", "en"),
        ("How can I return it", "en"),
        ("こんにちは、返品したいです", "ja"),
        ("12345 ???", "zh"),
        ("", "zh"),
        ("안녕하세요", "en"),
    ],
)
def test_detect_language(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_text_that_the_converter_is_spared_is_one_that_it_leaves_as_it_is() -> None:
    opencc, changed = folding._converter()
    names = [files("opencc") / "dictionary" / f"{name}.txt" for name in ("TSCharacters", "TSPhrases")]
    words = [line.split("\t")[0] for name in names for line in name.read_text(encoding="utf-8").splitlines()]
    assert len(words) > 4000
    assert [word for word in words if changed.isdisjoint(word) and opencc.convert(word) != word] == []
    assert changed.isdisjoint("签收后七天内可以申请退货，运费由本店承担。")
