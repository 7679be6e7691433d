"""The headings above a chunk: stored as a path, searched each for itself, shown with what is found."""

from dataclasses import replace

import pytest

from knowledge.services import headings
from knowledge.services.diffing import diff
from tests.knowledge.filling import search
from tests.knowledge.services.test_diffing import chunks
from tests.knowledge.uploads import ingested

SHOPS = """# 门店手册

## 北京店

### 营业时间

早上九点到晚上八点。

### 停车

门口可停两辆车。

## 上海店

### 营业时间

早上十点到晚上十点。
"""


@pytest.mark.parametrize(
    ("above", "title", "line"),
    [
        ((), "T", ""),
        (("T",), "T", "T"),
        (("T", "A", "B"), "T", "A › B"),
        (("A", "T"), "T", "A › T"),
        (("A  1", "B"), "T", "A 1 › B"),
        (("x" * 300, "y" * 300, "B"), "T", "y" * 300 + " › B"),
        (("x" * 600,), "T", "x" * 500),
    ],
)
def test_the_path_leaves_the_title_out_and_keeps_what_is_nearest(
    above: tuple[str, ...], title: str, line: str
) -> None:
    assert headings.path(above, title=title) == line


def test_what_the_text_holds_itself_is_not_said_twice() -> None:
    assert headings.above(title="T", section="A › B › T", text="B: words") == ["T", "A"]
    assert headings.above(title="T", section=None, text="words") == ["T"]
    assert headings.nearest("A › B") == "B"
    assert headings.nearest("") == ""


@pytest.mark.usefixtures("transactional_db", "in_alpha")
def test_a_passage_is_found_by_the_headings_above_it_and_shows_them() -> None:
    version = ingested(SHOPS, "shops.md")
    assert [chunk.section for chunk in version.chunks.order_by("index")] == [
        "北京店 › 营业时间",
        "北京店 › 停车",
        "上海店 › 营业时间",
    ]
    for shop, words in (("北京", "九点"), ("上海", "十点")):
        first = search(f"{shop}店的营业时间").passages[0]
        assert words in first.text
        assert (first.title, first.section) == ("门店手册", f"{shop}店 › 营业时间")


def test_a_version_from_before_there_were_paths_differs_in_nothing() -> None:
    before = chunks(("营业时间", ["九点到八点。"]))
    after = [replace(piece, section=f"北京店 › {piece.section}") for piece in before]
    found = diff(before, after)
    assert (found.stats.changed, found.stats.added, found.stats.removed) == (0, 0, 0)
