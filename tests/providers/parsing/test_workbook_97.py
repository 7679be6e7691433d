"""The old Excel format: sheets, numbers, saved values of formulas, merged cells, refusals."""

import struct
from pathlib import Path

import pytest

from kimono.providers.parsing import Kind, Limits, UnreadableFile, Unsupported, parse, sniff_file
from tests.providers.parsing.compound import compound, formula, label, merged, number, workbook_97


def prices(path: Path) -> Path:
    rows = [label(0, 0, "款式"), label(0, 1, "租金"), label(0, 2, "合计")]
    rows += [label(1, 0, "振袖"), number(1, 1, 300.0), formula(1, 2, 330.5)]
    rows += [number(2, 1, 280.0), formula(2, 2, 310.0), merged(1, 0, 2, 0)]
    return workbook_97(path, {"价格": rows, "门店": [label(0, 0, "京都"), label(0, 1, "东京")]})


def test_every_cell_of_every_sheet_is_read(tmp_path: Path) -> None:
    path = prices(tmp_path / "a.xls")
    assert sniff_file(path) is Kind.XLS
    document = parse(path)
    assert [(block.kind, block.text, block.section_path) for block in document.blocks] == [
        ("heading", "价格", ("价格",)),
        (
            "table",
            "| 款式 | 租金 | 合计 |\n| --- | --- | --- |\n| 振袖 | 300 | 330.5 |\n| 振袖 | 280 | 310 |",
            ("价格",),
        ),
        ("heading", "门店", ("门店",)),
        ("table", "| 京都 | 东京 |\n| --- | --- |", ("门店",)),
    ]
    assert document.page_count == 2


def test_damage_and_size_have_reasons(tmp_path: Path) -> None:
    broken = compound(tmp_path / "b.xls", {"Workbook": b"nonsense"})
    with pytest.raises(UnreadableFile, match=r"damaged|no filled cell"):
        parse(broken)
    with pytest.raises(UnreadableFile, match="more than 3 filled cells") as refusal:
        parse(prices(tmp_path / "c.xls"), limits=Limits(max_cells=3))
    assert refusal.value.sheet == "价格"


def test_a_sheet_that_is_said_to_lie_beyond_the_end_is_a_refusal(tmp_path: Path) -> None:
    path = prices(tmp_path / "a.xls")
    data = path.read_bytes()
    position = data.index(b"\x85\x00", 1024) + 4
    path.write_bytes(data[:position] + struct.pack("<I", 60_000) + data[position + 4 :])
    with pytest.raises(UnreadableFile, match="damaged"):
        parse(path)


@pytest.mark.parametrize("stream", ["_VBA_PROJECT_CUR", "Macros"])
def test_macros_are_refused(tmp_path: Path, stream: str) -> None:
    found = sniff_file(compound(tmp_path / "a.xls", {"Workbook": b"", stream: b""}))
    assert isinstance(found, Unsupported) and "macros" in found.found
