import json
import math
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services import terms as module
from knowledge.services.terms import content_terms, latin_entities, negations, numbers, stem, terms

DATA = Path(os.environ.get("KIMONO_QUESTION_SETS", Path(__file__).resolve().parents[4] / "shared/data"))


def test_chinese_gives_characters_bigrams_and_words() -> None:
    assert Counter(terms("退货流程")) == Counter(["退", "货", "流", "程", "退货", "货流", "流程"])
    assert "营业执照" in terms("请出示营业执照原件")


def test_no_term_is_counted_twice() -> None:
    assert Counter(terms("退货"))["退货"] == 1 and Counter(terms("退"))["退"] == 1


def test_traditional_and_full_width_match_simplified_and_half_width() -> None:
    assert terms("請問ＶＰＮ密碼") == terms("请问vpn密码")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("iPhone15", {"iphone15"}),
        ("16GB", {"16gb", "16", "gb"}),
        ("32M线", {"32m", "线"}),
        ("1,200.50元", {"1200.50", "1200", "50", "元"}),
        ("v1.2.3", {"v1", "2", "3"}),
        ("Wi-Fi", {"wi", "fi", "wifi"}),
        ("用wi-fi上网", {"wifi", "wi", "fi", "用", "上", "网", "上网"}),
        ("Café", {"café"}),
        ("안녕", {"안", "녕", "안녕"}),
        ("___ !!!", set()),
    ],
)
def test_runs(text: str, wanted: set[str]) -> None:
    assert set(terms(text)) == wanted


@pytest.mark.parametrize(
    "forms",
    [
        ("cancel", "cancels", "cancelled", "cancelling"),
        ("return", "returns", "returned", "returning"),
        ("policy", "policies"),
        ("charge", "charges", "charged", "charging"),
        ("install", "installs", "installed", "installing"),
        ("stop", "stopped", "stopping"),
        ("address", "addresses"),
    ],
)
def test_forms_of_one_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_short_words_and_codes_are_left_alone() -> None:
    assert [stem(word) for word in ("bus", "is", "a1s", "gas", "vpn", "thing")] == [
        "bus",
        "is",
        "a1s",
        "gas",
        "vpn",
        "thing",
    ]


@given(st.text(max_size=200))
def test_any_text_has_terms_without_spaces(text: str) -> None:
    assert all(term and not term.isspace() for term in terms(text))


def test_the_tokenizer_is_shared_and_leaves_no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_jieba", None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    terms("七天无理由退货")
    first = module._jieba
    terms("运费由谁承担")
    assert module._jieba is first is not None
    assert list(tmp_path.iterdir()) == []


def test_content_terms() -> None:
    assert list(content_terms("请问七天无理由退货的运费由谁承担？")) == [
        "七天",
        "无",
        "理由",
        "退货",
        "运费",
        "谁",
        "承担",
    ]
    assert list(content_terms("You can't return the items")) == ["can", "not", "return", "item"]
    assert "不" in "".join(content_terms("不可以退货"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("签收后七天内可退，运费15元", ["7", "15"]),
        ("一百二十元，约1,200.50元，打八折", ["120", "1200.5", "8"]),
        ("５０％或百分之五点五", ["50%", "5.5%"]),
        ("万一丢了，十分抱歉，一个订单", []),
        ("第三步；二〇二四年五月；3万元；1.2亿", ["3", "2024", "5", "30000", "120000000"]),
        ("两个半小时，半天，一年半", ["2.5", "0.5", "1.5"]),
        ("一万两千三百四十五元", ["12345"]),
        ("within seven days, two hundred dollars, twenty-five, one item", ["7", "200", "25"]),
        ("2024-05-01 12:30", ["2024", "5", "1", "12", "30"]),
        ("没有数字", []),
    ],
)
def test_numbers(text: str, wanted: list[str]) -> None:
    assert numbers(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("不支持退货", ["不支持"]),
        ("没有发票無法報銷", ["没有", "无法"]),
        ("能不能退货？支不支持换货", []),
        ("不过可以，特别说明，无论如何，差不多", []),
        ("已使用的除外，请勿拆封", ["除外", "请勿"]),
        ("You cannot return it without a label", ["cannot", "without"]),
        ("It isn't possible; not only that", ["isn't"]),
        ("You may return it", []),
    ],
)
def test_negations(text: str, wanted: list[str]) -> None:
    assert negations(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("请安装 Outlook 2021 和 GlobalProtect VPN，大小 5 kg", ["outlook", "globalprotect", "vpn"]),
        ("用Wi-Fi连接iPhone15", ["wi-fi", "iphone15"]),
        ("Please open Microsoft Teams. Then restart the MacBook.", ["microsoft", "teams", "macbook"]),
        (
            "see https://a.example/b?d=1. or mail it@help.example",
            ["https://a.example/b?d=1", "it@help.example"],
        ),
        ("只有中文", []),
    ],
)
def test_latin_entities(text: str, wanted: list[str]) -> None:
    assert latin_entities(text) == wanted


def plain(text: str) -> list[str]:
    """The terms of the baseline that ours must not rank worse than."""
    found: list[str] = []
    for run in re.findall(r"[a-z0-9]+|[\u3400-\u9fff]+", text.lower()):
        if run[0] < "\u3400":
            found.append(run)
            continue
        found += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
        found += [word for word in jieba.cut_for_search(run) if len(word) > 2]
    return found


def right_first(
    cut: Callable[[str], list[str]], entries: list[tuple[str, str]], asked: list[tuple[str, set[str]]]
) -> int:
    """Return for how many questions BM25 over `cut` ranks a right entry first."""
    counts = [Counter(cut(text)) for _, text in entries]
    sizes = [sum(count.values()) for count in counts]
    mean = sum(sizes) / len(sizes)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for index, count in enumerate(counts):
        for term, n in count.items():
            postings[term].append((index, n * 2.2 / (n + 1.2 * (0.25 + 0.75 * sizes[index] / mean))))
    right = 0
    for query, gold in asked:
        scores: dict[int, float] = defaultdict(float)
        for term in set(cut(query)):
            found = postings.get(term, [])
            weight = math.log(1 + (len(entries) - len(found) + 0.5) / (len(found) + 0.5))
            for index, value in found:
                scores[index] += weight * value
        right += bool(scores) and entries[min(scores, key=lambda i: (-scores[i], i))][0] in gold
    return right


@pytest.mark.skipif(
    not (DATA / "zh_faq_alipay").is_dir(), reason="the question sets (KIMONO_QUESTION_SETS) are not there"
)
@pytest.mark.parametrize("name", ["zh_faq_alipay", "en_banking77"])
def test_bm25_over_our_terms_is_no_worse_than_over_the_plain_ones(name: str) -> None:
    def rows(file: str) -> list[dict[str, object]]:
        lines = (DATA / name / file).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    if name == "en_banking77":
        train = random.Random(3).sample(rows("train.jsonl"), 800)
        entries = [(str(row["intent"]), str(row["text"])) for row in train]
        asked = [(str(row["text"]), {str(row["intent"])}) for row in rows("test.jsonl")[:600]]
    else:
        entries = [(str(row["id"]), str(row["question"])) for row in rows("kb.jsonl")]
        asked = [(str(row["query"]), set(map(str, row["gold"]))) for row in rows("queries.jsonl")]  # type: ignore[call-overload]
    assert right_first(terms, entries, asked) >= right_first(plain, entries, asked)


def test_a_server_has_its_dictionary_before_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    from kimono import asgi

    monkeypatch.setattr(module, "_jieba", None)
    asgi._warm_up()
    assert module._jieba is not None
