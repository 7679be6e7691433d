"""What a careless model makes of a sentence: another number, the opposite, another unit, a promise, two facts in one."""

import re
from collections.abc import Callable, Sequence

_DIGITS = re.compile(r"[0-9]+")
_CHINESE_NUMERALS = str.maketrans("一二三四五六七八九", "三五六七九四一二八")
_COUNTED = re.compile(r"[一二三四五六七八九](?=[天日年月周次个元块件人岁倍小种条项])")
_UNITS = {
    "天": "个月",
    "小时": "天",
    "分钟": "小时",
    "元": "万元",
    "公里": "米",
    "days": "weeks",
    "hours": "days",
    "minutes": "hours",
    "%": "‰",
}
_DENIED = re.compile(
    r"不(?!同|过|但|仅|断|久|少|如|妨|管|论)|没有|未(?!来)|无法| not\b|n't\b|\bcannot\b|\bno\b"
)
_AFFIRMED = re.compile(
    r"(?<![不没])(可以|能够|支持|需要|可|须|会|是|有|能)|\b(is|are|was|were|can|will|must|should|may)\b"
)
# Not the first word of a sentence: that has a capital whatever it is.
_NAME = re.compile(r"(?<=[a-z] )[A-Z][A-Za-z]{2,}|[\u3400-\u9fff]{3,5}(?=[是在的为])")
_CLAUSE = re.compile(r"[^，,；;]+[，,；;]?")
_END = re.compile(r"[。！？!?.]*\Z")

Change = Callable[[str, Sequence[str]], str | None]


def distorted(sentence: str, others: Sequence[str]) -> list[str]:
    """Return the sentence with one thing wrong, once for each way that fits; `others` are sentences it may be mixed with."""
    made = [change(sentence, others) for change in _CHANGES]
    return [text for text in made if text is not None and text != sentence]


def _other_number(sentence: str, others: Sequence[str]) -> str | None:
    if found := _DIGITS.search(sentence):
        return f"{sentence[: found.start()]}{int(found.group()) + 3}{sentence[found.end() :]}"
    if found := _COUNTED.search(sentence):
        return f"{sentence[: found.start()]}{found.group().translate(_CHINESE_NUMERALS)}{sentence[found.end() :]}"
    return None


def _other_unit(sentence: str, others: Sequence[str]) -> str | None:
    for unit, other in _UNITS.items():
        found = re.search(rf"(?<=[0-9一二三四五六七八九十百千两半个 ]){re.escape(unit)}", sentence)
        if found:
            return f"{sentence[: found.start()]}{other}{sentence[found.end() :]}"
    return None


def _opposite(sentence: str, others: Sequence[str]) -> str | None:
    if found := _DENIED.search(sentence):
        return sentence[: found.start()] + sentence[found.end() :]
    if found := _AFFIRMED.search(sentence):
        at = found.end() if found.group(2) else found.start()
        return f"{sentence[:at]}{' not' if found.group(2) else '不'}{sentence[at:]}"
    return None


def _promised(sentence: str, others: Sequence[str]) -> str | None:
    end = _END.search(sentence)
    at = end.start() if end else len(sentence)
    more = "，全部免费" if _is_chinese(sentence) else ", free of charge"
    return f"{sentence[:at]}{more}{sentence[at:]}"


def _other_name(sentence: str, others: Sequence[str]) -> str | None:
    mine = _NAME.search(sentence)
    names = [name for other in others for name in _NAME.findall(other) if name not in sentence]
    return f"{sentence[: mine.start()]}{names[0]}{sentence[mine.end() :]}" if mine and names else None


def _merged(sentence: str, others: Sequence[str]) -> str | None:
    mine = _CLAUSE.findall(sentence)
    theirs = next((cut for other in others if len(cut := _CLAUSE.findall(other)) > 1), None)
    return "".join([*mine[:1], theirs[-1]]) if len(mine) > 1 and theirs else None


def _is_chinese(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)


_CHANGES: tuple[Change, ...] = (_other_number, _other_unit, _opposite, _promised, _other_name, _merged)
