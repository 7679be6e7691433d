"""What a piece of text claims: its words, and the parts that must agree with a source to the letter.

Words may differ a little between a claim and its source. Numbers with their units, names, denials, restrictions and
bounds (at least, at most, before, after) may not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.services.folding import fold
from knowledge.services.terms import content_terms, latin_entities, negations, numbers, stem

# Neither a time of day (09:30) nor a thousand (1,500) is cut.
_CLAUSE = re.compile(r"[，；;。！？!?\n|]|[,：:](?!\d)|(?<!\d)[,：:]|\.\s")
# Where a list of things goes on; their numbers belong to each of them.
_ITEM = re.compile(r"、|(?<=\d)\s*/\s*(?=\D)")
_ARTICLES = re.compile(r"^(?:the|an?|all|our|your|every|each)\s+")
_PRONOUN = re.compile(r"[我你您他她它咱]们?|(?:i|we|you|he|she|it|they)\b")
# English words are compared by their beginning: the stem may differ from the word at its end.
_STEM = 4
_LETTER = re.compile(r"\w")
_MODAL = frozenset({"可以", "可", "能", "能够", "can", "may", "could"})
_LIGHT_WORDS = (
    "需要 需 办理 进行 手续 即可 一般 通常 目前 如下 具体 相关 方式 情况 期间 属于 支持 申请 提供 享受 帮 亲"
    " 温馨 提示 分别 均可 均 仅 仅限 只 只有 限 除 外 除外"
)
_LIGHT_ENGLISH = "only need able get make customer note kindly simply support provide offer request"
# Words that a writer puts in or leaves out without saying anything else.
_LIGHT = frozenset(_LIGHT_WORDS.split()) | {stem(word) for word in _LIGHT_ENGLISH.split()}
_EXCEPT = re.compile(r"除(?!夕|了解|湿|尘|味|皱|非).{1,24}?(?:以外|之外|外)|除非|\bunless\b|\bexcept")
_NOT_ONLY = re.compile(r"不[仅只光]|\bnot only\b")
_ONLY = re.compile(
    r"仅|只(?:限|有|能|可|在|收|接受|支持|用于|适用|对)|限(?:于|量)|\bonly\b|\bsolely\b|\bexclusively\b"
)
_UNITS = {
    "工作日": ("个工作日", "工作日", "business day", "working day"),
    "天": ("自然日", "天", "日", "day"),
    "小时": ("个小时", "小时", "hour", "hr"),
    "分钟": ("分钟", "minute", "min"),
    "秒": ("秒", "second", "sec"),
    "周": ("个星期", "星期", "周", "week"),
    "月": ("个月", "月", "month"),
    "年": ("年", "year"),
    "元": ("元", "块", "rmb", "cny", "yuan"),
    "美元": ("美元", "dollar", "usd"),
    "折": ("折",),
    "次": ("次", "time"),
    "件": ("件", "item", "piece"),
    "人": ("人", "位", "名", "people", "person"),
    "岁": ("岁",),
    "公里": ("公里", "km", "千米"),
    "厘米": ("厘米", "cm"),
    "公斤": ("公斤", "kg", "千克"),
    "上午": ("am", "a.m."),
    "下午": ("pm", "p.m."),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_SPELT = "|".join(re.escape(word) for word in sorted(_UNIT_OF, key=len, reverse=True))
_MEASURED = re.compile(
    rf"(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?|[零一二两三四五六七八九十百千万亿]+|\b[a-z]{{3,9}})[\s-]*(?:[a-z]{{3,12}}[\s-]+)??(?P<unit>{_SPELT})(?:s\b|\b|(?<=[^a-z]))"
)
_PRICED = re.compile(r"(?P<sign>[¥$€£])\s*(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)")
_QUOTED = re.compile(r"[\"“「『《]([^\"”」』》]{2,40})[\"”」』》]")
_IF = re.compile(
    r"(?:如果|如有|如遇|若是|若|假如|倘若|只要|一旦|凡是?)(?P<zh>[^，,。；;]+)"
    r"|\b(?:if|when|once|provided that|as long as|in case)\b(?P<en>[^,.;]+)"
)
_SIGNS = {"¥": "元", "$": "美元"}
_BOUNDS = {
    "least": re.compile(
        r"(?<!不)(?:超过|多于|大于|高于)|以上|至少|不少于|不低于|不足(?=0)|起(?=租|订|送|售)"
        r"|\b(?:more than|over|at least|above|no less than|minimum)\b"
    ),
    "most": re.compile(
        r"以下|以内|之内|不超过|不多于|不高于|不大于|最多|至多|少于|低于|小于|不满|未满|不足"
        r"|\b(?:within|(?<!no )less than|under|at most|up to|below|no more than|maximum)\b"
    ),
    "before": re.compile(r"之前|以前|前(?!往|台|提|后|面)|\b(?:before|prior to)\b"),
    "after": re.compile(r"之后|以后|后(?!台|面|者|续|勤)|\bafter\b"),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What one clause, or a few that belong together (`clauses`), say; `first` is the first of its words."""

    words: frozenset[str]
    numbers: frozenset[str]
    measures: frozenset[tuple[str, str]]
    names: tuple[str, ...]
    denials: int
    restricts: bool
    bounds: frozenset[str]
    first: str = ""
    clauses: int = 1


@lru_cache(maxsize=4096)
def claim_of(text: str, clauses: int = 1) -> Claim:
    """Return what a piece of text claims; `clauses` is how many it was put together from."""
    folded, words = fold(text), _words(text)
    return Claim(
        words=frozenset(words),
        first=next(iter(words), ""),
        numbers=frozenset(numbers(text)),
        measures=frozenset(_measures(folded)),
        names=(*latin_entities(text), *(fold(quoted).strip() for quoted in _QUOTED.findall(text))),
        denials=min(len(negations(text)), 2) or int(bool(_EXCEPT.search(folded))),
        restricts=bool(_ONLY.search(_NOT_ONLY.sub(" ", folded))),
        bounds=frozenset(name for name, words in _BOUNDS.items() if words.search(folded)),
        clauses=clauses,
    )


def claims_of(sentence: str) -> list[Claim]:
    """Return what a sentence claims, clause by clause; an empty list when it says nothing.

    A clause of one or two words leans on its neighbour: "custom orders, within 7 days" is one claim.
    """
    pieces: list[tuple[str, int]] = []
    leaning = False
    for clause in _clauses_and_items(sentence):
        short = _leans(clause)
        if pieces and (leaning or short):
            text, count = pieces[-1]
            pieces[-1] = (f"{text}，{clause}", count + 1)
            leaning = leaning and short
        else:
            pieces.append((clause, 1))
            leaning = short
    found = [claim_of(text, count) for text, count in pieces]
    return [claim for claim in found if claim.words or claim.numbers or claim.names] if _says(found) else []


def _says(found: Sequence[Claim]) -> bool:
    return any(claim.words for claim in found)


def _leans(clause: str) -> bool:
    return len(claim_of(clause).words) <= 2


def clauses(text: str) -> list[str]:
    """Return the clauses of a sentence."""
    return [piece for piece in _CLAUSE.split(text) if _LETTER.search(piece)]


def items(clause: str) -> list[str]:
    """Return the items of a clause that lists things, or the clause."""
    return [piece for piece in _ITEM.split(clause) if _LETTER.search(piece)]


def _clauses_and_items(sentence: str) -> list[str]:
    """Return the clauses of a sentence; those that list things with numbers are cut into the things."""
    found = []
    for clause in clauses(sentence):
        parts = items(clause)
        numbered = sum(bool(numbers(part)) for part in parts)
        found += parts if numbered > 1 else [clause]
    return found


def subject(clause: str) -> str:
    """Return the word that a clause begins with, when it is one that tells what it is about; else an empty string.

    A clause that begins otherwise (可…, 由…, "and must …") speaks of what stands before it.
    """
    first = claim_of(clause).first
    bare = _ARTICLES.sub("", fold(clause).lstrip(" -*•>"))
    return first if first and bare.startswith(first[:_STEM]) else ""


def speaks_of_a_person(clause: str) -> bool:
    """Return whether a clause begins with a pronoun: it is about whom that means, and nobody else can be put there."""
    return bool(_PRONOUN.match(fold(clause).lstrip(" 「『“\"'")))


def conditions(sentence: str) -> list[tuple[int, frozenset[str]]]:
    """Return what a sentence holds under, each with the number of the clause that says so."""
    return [
        (place, frozenset(_words(found["zh"] or found["en"])))
        for place, clause in enumerate(clauses(sentence))
        for found in _IF.finditer(fold(clause))
    ]


def _words(text: str) -> list[str]:
    """Return the content words but those that are compared in their own way, modal verbs and words of no weight."""
    return [
        word
        for word in content_terms(text)
        if word not in _MODAL
        and word not in _LIGHT
        and not numbers(word)
        and word not in negations(word)
        and word not in _UNIT_OF
    ]


def _measures(folded: str) -> list[tuple[str, str]]:
    """Return the numbers of a text that have a unit, each with it."""
    found = [
        (value, _UNIT_OF[match["unit"]])
        for match in _MEASURED.finditer(folded)
        for value in numbers(match["number"] + match["unit"])[:1] or numbers(match["number"])[:1]
    ]
    found += [
        (value, _SIGNS.get(match["sign"], match["sign"]))
        for match in _PRICED.finditer(folded)
        for value in numbers(match["number"])[:1]
    ]
    return found
