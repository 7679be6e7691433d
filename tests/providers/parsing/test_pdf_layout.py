"""The order of a page: columns one after the other, captions with their pictures, nothing from beside the page."""

from pathlib import Path

import pytest

from kimono.providers.parsing import parse
from tests.providers.parsing.writers import pdf, pdf_picture

LEFT = [
    "Kimono are rented by the day. The",
    "price holds for the set with its belt",
    "and its sandals. Who wants another",
    "belt may choose one in the shop and",
    "pays the difference on the spot.",
    "Umbrellas are free on rainy days.",
]
RIGHT = [
    "Returns are possible until six in the",
    "evening. Later returns cost one more",
    "day. Stains are part of life, and we",
    "clean them without asking for more",
    "money, unless the silk is torn or the",
    "dye of another cloth has come off.",
]
COLUMNS = [(" ".join(LEFT)), (" ".join(RIGHT))]
Lines = list[tuple[str, float, float, float]]


def side_by_side(order: str) -> Lines:
    left: Lines = [(text, 10.0, 60.0, 600.0 - 14 * row) for row, text in enumerate(LEFT)]
    right: Lines = [(text, 10.0, 330.0, 600.0 - 14 * row) for row, text in enumerate(RIGHT)]
    if order == "row by row":
        return [line for pair in zip(left, right, strict=True) for line in pair]
    return left + right if order == "columns" else right + left


@pytest.mark.parametrize("order", ["columns", "row by row", "backwards"])
def test_columns_are_read_one_after_the_other(tmp_path: Path, order: str) -> None:
    title: Lines = [("What you should know before you rent anything in one of our shops", 10.0, 60.0, 660.0)]
    end: Lines = [
        ("This line runs across the whole page again, below both of its columns.", 10.0, 60.0, 480.0)
    ]
    blocks = parse(pdf(tmp_path / "a.pdf", [end + side_by_side(order) + title])).blocks
    assert [block.text for block in blocks] == [title[0][0], *COLUMNS, end[0][0]]


def test_columns_of_short_words_are_not_columns_of_prose(tmp_path: Path) -> None:
    rows = [("Style", "Price"), ("Furisode", "300"), ("Yukata", "120"), ("Hakama", "260"), ("Haori", "90")]
    lines: Lines = []
    for row, (style, price) in enumerate(rows):
        lines += [(style, 10.0, 60.0, 600.0 - 14 * row), (price, 10.0, 330.0, 600.0 - 14 * row)]
    text = "\n".join(block.text for block in parse(pdf(tmp_path / "a.pdf", [lines])).blocks)
    for style, price in rows:
        assert text.index(style) < text.index(price)
    assert text.index("300") < text.index("Yukata")


def test_a_page_written_out_of_order_is_read_from_top_to_bottom(tmp_path: Path) -> None:
    lines: Lines = [
        ("The second paragraph comes first in the file.", 11.0, 72.0, 640.0),
        ("The first paragraph comes last in the file.", 11.0, 72.0, 700.0),
    ]
    assert [block.text[:9] for block in parse(pdf(tmp_path / "a.pdf", [lines])).blocks] == [
        "The first",
        "The secon",
    ]


def test_text_beside_the_page_stays_out(tmp_path: Path) -> None:
    lines: Lines = [
        ("Everybody sees this sentence.", 11.0, 72.0, 700.0),
        ("Nobody sees this one.", 11.0, 900.0, 700.0),
        ("Nor this one.", 11.0, 72.0, -40.0),
        ("Nor these letters.", 0.4, 72.0, 600.0),
    ]
    assert [block.text for block in parse(pdf(tmp_path / "a.pdf", [lines])).blocks] == [
        "Everybody sees this sentence."
    ]


def test_a_picture_has_the_caption_below_it(tmp_path: Path) -> None:
    import random
    import zlib

    noise = random.Random(1).randbytes(120 * 90)
    lines: Lines = [
        ("The entrance is on the left side of the building.", 11.0, 72.0, 700.0),
        ("Figure 3: The entrance", 9.0, 72.0, 560.0),
        ("Ring the bell when the door is closed.", 11.0, 72.0, 500.0),
    ]
    path = pdf(
        tmp_path / "a.pdf", [lines], drawing="q 120 0 0 90 72 580 cm /P1 Do Q\n",
        picture=pdf_picture(120, 90, zlib.compress(noise)),
    )  # fmt: skip
    parsed = parse(path, media_dir=tmp_path)
    assert [(block.kind, block.text) for block in parsed.blocks] == [
        ("text", lines[0][0]),
        ("image", "Figure 3: The entrance"),
        ("text", lines[2][0]),
    ]
    (media,) = parsed.media
    assert (media.figure, media.caption, media.page, media.order) == ("Figure 3", "The entrance", 1, 1)


ROWS = [
    ("Style", "Rent", "With tax"),
    ("Furisode", "300", "330"),
    ("Yukata", "120", "132"),
    ("Haori set", "90", "99"),
]
TABLE = (
    "| Style | Rent | With tax |\n| --- | --- | --- |\n| Furisode | 300 | 330 |\n| Yukata | 120 | 132 |\n"
    "| Haori set | 90 | 99 |"
)


def table_lines() -> Lines:
    places = (80.0, 230.0, 330.0)
    lines: Lines = [("Prices of this season, all of them for one day and one set.", 11.0, 72.0, 660.0)]
    for row, cells in enumerate(ROWS):
        lines += [(text, 10.0, x, 626.0 - 20 * row) for text, x in zip(cells, places, strict=True)]
    return [*lines, ("Whoever rents for longer than a week pays half of it.", 11.0, 72.0, 500.0)]


@pytest.mark.parametrize(
    ("levels", "uprights"),
    [
        ((640, 620, 560), ()),
        ((640, 620, 600, 580, 560), ()),
        ((640, 620, 600, 580, 560), (215, 320)),
    ],
    ids=["three rules", "a rule between all rows", "no sides"],
)
def test_tables_without_sides_keep_all_cells(
    tmp_path: Path, levels: tuple[int, ...], uprights: tuple[int, ...]
) -> None:
    drawing = "".join(f"72 {y} m 400 {y} l S\n" for y in levels)
    drawing += "".join(f"{x} 560 m {x} 640 l S\n" for x in uprights)
    blocks = parse(pdf(tmp_path / "a.pdf", [table_lines()], drawing=drawing)).blocks
    assert [block.text for block in blocks][1] == TABLE
    assert [block.kind for block in blocks] == ["text", "table", "text"]
