import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services.sentences import split


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "签收后7天内可退。运费15.5元！真的吗？好的",
            ["签收后7天内可退。", "运费15.5元！", "真的吗？", "好的"],
        ),
        ("他说：“可以退。”然后走了。", ["他说：“可以退。”", "然后走了。"]),
        ("Dr. Smith paid $3.50 to e.g. Bob. He left.", ["Dr. Smith paid $3.50 to e.g. Bob.", "He left."]),
        ("Version 1.2.3 is out. See No. 5.", ["Version 1.2.3 is out.", "See No. 5."]),
        ("Acme Inc. sells it. J. K. Rowling wrote it.", ["Acme Inc. sells it.", "J. K. Rowling wrote it."]),
        ("It closes at 5 p.m. Come early.", ["It closes at 5 p.m.", "Come early."]),
        ("见 https://a.example/b.c?x=1。请看", ["见 https://a.example/b.c?x=1。", "请看"]),
        ("Mail a.b@c.example. Thanks.", ["Mail a.b@c.example.", "Thanks."]),
        ("Wait... what?! Yes.", ["Wait...", "what?!", "Yes."]),
        ("1. Open the app. Then click.\n2. Done.", ["1. Open the app.", "Then click.", "2. Done."]),
        ("# 标题\n正文第一句。第二句", ["# 标题", "正文第一句。", "第二句"]),
        ("This line is wrapped\nin the middle. Next.", ["This line is wrapped\nin the middle.", "Next."]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("| a. b | c。d |\n| --- | --- |\n| 1 | 2! |", ["| a. b | c。d |", "| --- | --- |", "| 1 | 2! |"]),
        ("等等……好", ["等等……好"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_split(text: str, wanted: list[str]) -> None:
    assert texts(text) == wanted


@given(st.text(alphabet=st.sampled_from('ab.1 。！？!?\n|”"(A、-…中文#'), max_size=80) | st.text(max_size=80))
def test_offsets_are_exact_in_order_and_nothing_is_lost(text: str) -> None:
    sentences = split(text)
    position = 0
    for sentence in sentences:
        assert sentence.start >= position and text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        assert not text[position : sentence.start].strip()
        position = sentence.end
    assert not text[position:].strip()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", ["退货" * 500_000, "a.b-c@d e.g. U.S. one, two? " * 20_000, "word " * 200_000, "a\n" * 200_000]
)
def test_long_texts_take_linear_time(text: str) -> None:
    assert sum(len(sentence.text) for sentence in split(text)) > len(text) // 2
