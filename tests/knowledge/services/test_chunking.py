import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimono.providers.parsing import Draft, Parsed
from knowledge.services.chunking import VersionText, assemble, chunk

SENTENCE = "签收后七天之内可以无理由退货，运费由客户承担。"


def document(*blocks: tuple[str, str] | tuple[str, str, int]) -> Parsed:
    draft = Draft("md")
    for kind, text, *rest in blocks:
        if kind.startswith("h") and kind[1:].isdigit():
            draft.heading(text, int(kind[1:]), rest[0] if rest else None)
        else:
            draft.add(kind, text, rest[0] if rest else None, media=f"m-{text}" if kind == "image" else None)  # type: ignore[arg-type]
    return Parsed("md", tuple(draft.blocks))


def check(version: VersionText) -> None:
    covered: set[int] = set()
    for index, piece in enumerate(version.chunks):
        assert piece.index == index
        assert piece.text == piece.prefix + version.text[piece.start : piece.end] and piece.text.strip()
        covered.update(range(piece.start, piece.end))
    assert all(
        character.isspace() for position, character in enumerate(version.text) if position not in covered
    )
    assert [piece.start for piece in version.chunks] == sorted(piece.start for piece in version.chunks)


def test_sections_are_boundaries_and_headings_belong_to_what_follows() -> None:
    version = assemble(
        document(
            ("h1", "租借"), ("h2", "价格"), ("text", "三百元。"), ("h2", "押金"), ("text", "五十元。", 2)
        )
    )
    check(version)
    assert [(c.text, c.section, c.heading_path, c.page) for c in version.chunks] == [
        ("租借\n\n价格\n\n三百元。", "价格", ("租借", "价格"), None),
        ("押金\n\n五十元。", "押金", ("租借", "押金"), 2),
    ]


def test_sentences_stay_whole_and_neighbours_overlap() -> None:
    sentences = [f"第{n}条：{SENTENCE}" for n in range(40)]
    version = assemble(document(("text", "".join(sentences))))
    check(version)
    assert all(piece.text.startswith("第") and piece.text.endswith("。") for piece in version.chunks)
    assert all(len(piece.text) <= 400 for piece in version.chunks)
    shared = [a.end - b.start for a, b in zip(version.chunks, version.chunks[1:], strict=False)]
    assert all(0 < length <= 80 for length in shared[:-1])


def test_a_sentence_longer_than_a_chunk_is_cut_at_a_comma() -> None:
    version = assemble(document(("text", "我们的和服可以租借，" * 100)))
    check(version)
    assert all(piece.text.endswith("，") and len(piece.text) <= 400 for piece in version.chunks)


def test_a_small_table_stays_whole_with_its_heading() -> None:
    table = "| 款式 | 租金 |\n| --- | --- |\n" + "\n".join(f"| 第{n}款 | {n}00 |" for n in range(30))
    (piece,) = chunk(document(("h1", "价格"), ("table", table)))
    assert piece.kind == "table" and piece.text == f"价格\n\n{table}"


def test_a_long_table_is_cut_between_rows_and_repeats_its_header() -> None:
    header = "| 问题 | 答案 |\n| --- | --- |"
    rows = [f"| 问题{n}？ | {SENTENCE} |" for n in range(60)]
    version = assemble(document(("table", "\n".join([header, *rows]))))
    check(version)
    assert len(version.chunks) > 3
    assert all(piece.text.startswith(header + "\n") and piece.kind == "table" for piece in version.chunks)
    assert [row for piece in version.chunks for row in piece.text.split("\n")[2:]] == rows
    assert all(len(piece.text) <= 400 for piece in version.chunks)


def test_a_giant_row_is_cut_and_nothing_is_lost() -> None:
    version = assemble(document(("table", f"| a | b |\n| --- | --- |\n| 1 | {SENTENCE * 200} |\n| 2 | 短 |")))
    check(version)
    assert max(len(piece.text) for piece in version.chunks) <= 1000


def test_tiny_neighbours_are_joined_inside_a_section() -> None:
    (piece,) = chunk(document(("h1", "标题"), ("text", "一。"), ("list", "- 二\n- 三"), ("text", "四。")))
    assert piece.text == "标题\n\n一。\n\n- 二\n- 三\n\n四。"


def test_code_stays_whole() -> None:
    code = "\n".join(f"print({n})  # {'x' * 20}" for n in range(15))
    version = assemble(document(("text", SENTENCE * 10), ("code", code), ("text", SENTENCE)))
    check(version)
    assert any(code in piece.text for piece in version.chunks)


def test_kinds_and_images() -> None:
    version = assemble(
        document(
            ("text", SENTENCE),
            ("image", ""),
            ("h1", "图"),
            ("image", "退货入口"),
            ("h1", "式"),
            ("formula", "E=mc^2"),
        )
    )
    check(version)
    assert [(piece.kind, piece.media) for piece in version.chunks] == [
        ("text", ("m-",)),
        ("image", ("m-退货入口",)),
        ("formula", ()),
    ]


def test_only_headings_make_one_chunk() -> None:
    (piece,) = chunk(document(("h1", "甲"), ("h2", "乙")))
    assert piece.text == "甲\n\n乙"


def test_nothing_makes_nothing() -> None:
    assert assemble(Parsed("md", ())) == VersionText("", ())


kinds = st.sampled_from(["h1", "h2", "text", "list", "code", "table", "formula"])
words = st.text(alphabet=st.sampled_from("中文字。，ab 1.|-\n"), min_size=1, max_size=600)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(kinds, words), max_size=12), st.integers(20, 500), st.integers(0, 100))
def test_whatever_the_document_every_character_is_in_a_chunk(
    blocks: list[tuple[str, str]], size: int, overlap: int
) -> None:
    check(assemble(document(*blocks), size, overlap))


@pytest.mark.parametrize("size", [50, 400])
def test_the_size_holds_for_ordinary_text(size: int) -> None:
    version = assemble(document(("text", "\n".join([SENTENCE] * 50))), size, 20)
    assert all(len(piece.text) <= size * 1.25 for piece in version.chunks)
