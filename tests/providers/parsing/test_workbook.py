import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from kimono.providers.parsing import Limits, Parsed, UnreadableFile, parse


def saved(book: Workbook, tmp_path: Path) -> Path:
    path = tmp_path / "a.xlsx"
    book.save(path)
    return path


def kinds(document: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


def sheet_of(rows: list[list[object]]) -> Workbook:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    return book


def test_all_sheets_are_read_under_their_names(tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "价格"
    first.append(["款式", "租金"])
    first.append(["振袖", 300])
    hidden = book.create_sheet("内部")
    hidden.append(["编号", "库存"])
    hidden.append(["A1", 5])
    hidden.sheet_state = "hidden"
    book.create_sheet("空")
    document = parse(saved(book, tmp_path))
    assert kinds(document) == [
        ("heading", "价格"),
        ("table", "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 300 |"),
        ("heading", "内部"),
        ("table", "| 编号 | 库存 |\n| --- | --- |\n| A1 | 5 |"),
    ]
    assert document.page_count == 3 and document.blocks[-1].section_path == ("内部",)


def test_values_look_as_the_sheet_shows_them(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["项目", "值"])
    shown = [
        ("折扣", 0.15, "0%", "15%"),
        ("税率", 0.0625, "0.00%", "6.25%"),
        ("金额", 1234.5, '"¥"#,##0.00', "¥1,234.50"),
        ("整数", 7.0, "General", "7"),
        ("小数", 0.1 + 0.2, "General", "0.3"),
        ("日期", datetime.date(2026, 5, 1), "yyyy-mm-dd", "2026-05-01"),
        ("时刻", datetime.datetime(2026, 5, 1, 9, 30), "yyyy-mm-dd hh:mm", "2026-05-01 09:30"),
        ("有货", True, "General", "TRUE"),
    ]
    for row, (name, value, number_format, _) in enumerate(shown, start=2):
        sheet.append([name, value])
        sheet.cell(row, 2).number_format = number_format
    (table,) = parse(saved(book, tmp_path)).blocks
    assert [line.split(" | ")[1].strip(" |") for line in table.text.split("\n")[2:]] == [
        text for *_, text in shown
    ]


def test_merged_cells_fill_their_range_but_titles_stand_once(tmp_path: Path) -> None:
    book = sheet_of(
        [["价目表", None, None], ["款式", "日子", "租金"], ["振袖", "平日", 300], [None, "周末", 400]]
    )
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    assert kinds(parse(saved(book, tmp_path))) == [
        ("text", "价目表"),
        (
            "table",
            "| 款式 | 日子 | 租金 |\n| --- | --- | --- |\n| 振袖 | 平日 | 300 |\n| 振袖 | 周末 | 400 |",
        ),
    ]


def test_tables_parted_by_blank_rows_and_columns(tmp_path: Path) -> None:
    book = sheet_of(
        [
            ["款式", "租金", None, "地点", "电话"],
            ["振袖", 300, None, "京都店", "075"],
            ["浴衣", 100, None, "东京店", "03"],
            [],
            ["配件", "押金"],
            ["腰带", 50],
        ]
    )
    assert [text for kind, text in kinds(parse(saved(book, tmp_path))) if kind == "table"] == [
        "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 300 |\n| 浴衣 | 100 |",
        "| 地点 | 电话 |\n| --- | --- |\n| 京都店 | 075 |\n| 东京店 | 03 |",
        "| 配件 | 押金 |\n| --- | --- |\n| 腰带 | 50 |",
    ]


def test_blank_rows_between_entries_part_no_table(tmp_path: Path) -> None:
    book = sheet_of(
        [
            ["问题", "答案"],
            ["几点开门？", "十点。"],
            [],
            ["有停车场吗？", "有，免费。"],
            [],
            ["能寄回吗？", "可以。"],
        ]
    )
    assert [kind for kind, _ in kinds(parse(saved(book, tmp_path)))] == ["table"]


def test_formulas_without_cached_values_are_named(tmp_path: Path) -> None:
    document = parse(saved(sheet_of([["项目", "合计"], ["租金", "=1+2"]]), tmp_path))
    (problem,) = document.errors
    assert (problem.code, problem.sheet, problem.row) == ("no_cached_value", "Sheet", 2)


def test_a_cell_far_away_costs_nothing(tmp_path: Path) -> None:
    book = sheet_of([["款式", "租金"], ["振袖", 300]])
    sheet = book.active
    assert sheet is not None
    sheet.cell(1_048_576, 16_384, "角落")
    assert "角落" in parse(saved(book, tmp_path)).blocks[-1].text


def test_too_many_cells_are_refused_with_their_sheet(tmp_path: Path) -> None:
    path = saved(sheet_of([[n, n] for n in range(60)]), tmp_path)
    with pytest.raises(UnreadableFile) as refusal:
        parse(path, limits=Limits(max_cells=100))
    assert refusal.value.sheet == "Sheet" and "100" in refusal.value.message


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no filled cell"):
        parse(saved(Workbook(), tmp_path))
