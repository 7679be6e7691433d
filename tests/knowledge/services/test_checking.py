"""Entries are compared with those alone that may repeat them."""

from collections.abc import Iterator, Sequence

import pytest

from knowledge.services.checking import comparing
from knowledge.services.checking.entries import Entry

SHEET = "振袖 {} 号，每天租金 {} 元，押金在归还后三个工作日内原路退回，逾期每天加收两成，清洗由本店承担，取消须提前一天。"


def test_pages_of_one_template_with_other_figures_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {
        f"chk-{n}": Entry(f"chk-{n}", 0, f"doc-{n}", "a.md", SHEET.format(n, 3 * n)) for n in range(40)
    }
    entries["chk-again"] = Entry("chk-again", 0, "doc-again", "b.md", entries["chk-7"].text + "谢谢。")
    read: list[str] = []

    def named(ids: Sequence[str]) -> Iterator[Entry]:
        read.extend(ids)
        return (entries[each] for each in ids)

    monkeypatch.setattr(comparing, "named", named)
    duplicates = comparing.Duplicates()
    found = [entry.id for entry in entries.values() if duplicates.take(entry)]
    assert (found, read) == (["chk-again"], ["chk-7"])
