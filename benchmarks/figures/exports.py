"""How long an answer takes to become a file."""

import statistics
import time

from benchmarks.report import Row

_REFERENCES, _ROWS = 5, 30
_ANSWER = (
    "您好，**退货流程**如下 [1]：\n\n1. 在“我的订单”里选择商品，点“申请退货”；\n2. 等待审核，通过后会收到短信；\n"
    "3. 寄回商品，运费由本店承担 [2]。\n\n| 款式 | 租金 |\n| --- | ---: |\n| 振袖 | 260 元 |\n\n"
    "退款按 $r = p \\times \\frac{d - 1}{30}$ 计算 [3]。"
)


def measure(*, quick: bool) -> list[Row]:
    """Lay one answer out as PDF and as Word, with references and a cited table over two pages."""
    from conversations.services import exports
    from conversations.services.exports.media import StoredPictures
    from conversations.services.exports.shapes import Entry, Medium, Paper, Reference

    table = "| 区域 | 首重 |\n| --- | --- |\n" + "\n".join(f"| 区域 {n} | {n} 元 |" for n in range(_ROWS))
    references = tuple(
        Reference(n, ("退货政策", f"第 {n} 页"), "签收后 7 天内可申请退货，商品须完好。")
        for n in range(1, _REFERENCES + 1)
    )
    media = (Medium("table", "表 1 – 退货政策 – 第 2 页 [1]", markdown=table),)
    entries = (
        Entry("问题", "contact", "2026-11-21 10:00", "如何退货？", marked_up=False),
        Entry("回答", "bot", "2026-11-21 10:00", _ANSWER, True, references, media),
    )
    paper = Paper("answer", "回答", "和衣轩", "zh", entries=entries)
    rows = []
    for name, lay_out in (("PDF", exports._pdf), ("Word", exports._docx)):
        times, content = [], b""
        # The first one loads its libraries and finds its font, as a server has done long since.
        for _ in range(3 if quick else 6):
            begun = time.perf_counter()
            content = lay_out(paper, StoredPictures(for_contact=False))
            times.append(time.perf_counter() - begun)
        rows.append(
            Row(
                f"an answer as a {name} file",
                statistics.median(times[1:]),
                "s",
                note=f"{len(_ANSWER)} characters, {_REFERENCES} references, a table of {_ROWS} rows, a formula;"
                f" {len(content) // 1000} kB with its font.",
            )
        )
    return rows
