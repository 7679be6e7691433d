from hypothesis import given, settings
from hypothesis import strategies as st

from kimono.providers.parsing import Draft, Parsed
from knowledge.services.chunking import ChunkDraft, chunk
from knowledge.services.diffing import Diff, Stats, diff

LINES = [
    f"第{n}条：{words}"
    for n, words in enumerate(
        ["七天内可以退货。", "运费由客户承担。", "请保留发票与吊牌。", "定制商品不退不换。"] * 8
    )
]


def chunks(*sections: tuple[str, list[str]], size: int = 400) -> list[ChunkDraft]:
    draft = Draft("md")
    for title, lines in sections:
        draft.heading(title, 1)
        for line in lines:
            draft.add("text", line)
    return chunk(Parsed("md", tuple(draft.blocks)), size)


def changed(found: Diff) -> list[tuple[str, str, str | None, str | None]]:
    return [(hunk.op, hunk.section, hunk.old, hunk.new) for hunk in found.hunks if hunk.op != "equal"]


def test_equal_versions_have_no_difference() -> None:
    pieces = chunks(("退货", LINES))
    found = diff(pieces, pieces)
    assert found.stats == Stats(unchanged=len(LINES) + 1)
    assert [hunk.op for hunk in found.hunks] == ["equal"] and len(found.hunks[0].new or "") == 200


def test_one_changed_sentence_is_one_change_wherever_the_cuts_fall() -> None:
    edited = [*LINES[:5], LINES[5].replace("客户", "本店"), *LINES[6:]]
    found = diff(chunks(("退货", LINES)), chunks(("退货", edited)))
    assert found.stats == Stats(changed=1, unchanged=len(LINES))
    assert changed(found) == [("change", "退货", LINES[5], edited[5])]


def test_the_same_text_cut_differently_is_equal() -> None:
    assert diff(chunks(("退货", LINES)), chunks(("退货", LINES), size=150)).stats == Stats(
        unchanged=len(LINES) + 1
    )


def test_added_and_removed_passages_know_their_section() -> None:
    old = chunks(("退货", LINES[:3]), ("换货", ["尺码不合可以换货。"]))
    new = chunks(
        ("退货", LINES[:3]), ("换货", ["尺码不合可以换货。", "English customers may call us at any time."])
    )
    assert changed(diff(old, new)) == [("add", "换货", None, "English customers may call us at any time.")]
    assert changed(diff(new, old)) == [("remove", "换货", "English customers may call us at any time.", None)]
    assert diff(new, old).stats == Stats(removed=1, unchanged=6)


def test_a_passage_that_says_something_else_is_removed_and_added() -> None:
    found = diff(chunks(("甲", ["本店周一休息。"])), chunks(("甲", ["Parking is free for all guests."])))
    assert sorted(op for op, *_ in changed(found)) == ["add", "remove"]


def test_table_rows_are_compared_one_by_one() -> None:
    def table(price: int) -> list[ChunkDraft]:
        rows = "\n".join(f"| 款式{n} | {price if n == 40 else n}00 元一天 |" for n in range(80))
        draft = Draft("md")
        draft.add("table", f"| 款式 | 租金 |\n| --- | --- |\n{rows}")
        return chunk(Parsed("md", tuple(draft.blocks)))

    found = diff(table(40), table(77))
    assert len(table(40)) > 2
    assert found.stats == Stats(changed=1, unchanged=81)
    assert changed(found) == [("change", "", "| 款式40 | 4000 元一天 |", "| 款式40 | 7700 元一天 |")]


def test_from_nothing_and_to_nothing() -> None:
    pieces = chunks(("甲", ["一句话。"]))
    assert diff([], pieces).stats == Stats(added=2)
    assert diff(pieces, []).stats == Stats(removed=2)
    assert diff([], []) == Diff(Stats(), ())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12), st.lists(st.sampled_from(LINES), max_size=12))
def test_the_hunks_lead_from_old_to_new(old: list[str], new: list[str]) -> None:
    found = diff(chunks(("甲", old), size=60), chunks(("甲", new), size=60))
    stats = found.stats
    assert stats.removed + stats.changed + stats.unchanged == 1 + len(old)
    assert stats.added + stats.changed + stats.unchanged == 1 + len(new)
