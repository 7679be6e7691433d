"""Yes or no, and one of the values that a slot offers."""

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from conversations.services.dialogue.values.found import Found, level

_NO = re.compile(
    r"(?:不|没有?|非|别|否|算了|no|nope|nah|not?|don'?t|do not|false|n)"
    r"(?:$|[\s,，。.!！、~]|是|要|用|对|行|可以|需要|好|想|同意|确认|有|必|了|呢|吧|啊|thanks?|need|want)"
)
_YES = re.compile(
    r"(?:是|对|好|嗯|恩|可以|行|要|有|需要|没问题|同意|确认|确定|当然|没错|正确"
    r"|ok|okay|yes|yep|yeah|yup|sure|right|correct|of course|true|y|はい)"
    r"(?:$|[\s,，。.!！、~]|的|啊|呀|了|吧|呢|哦|滴|嘞|嗯|对|好|是|please)"
)
_LEADING = re.compile(r"^[\s,，。.!！、~嗯恩哦呃啊um]*(?=\S{1,})")
_LONGEST = 16
_REFUSED_BEFORE = re.compile(r"(?:不要|不是|别|不想要|不用|not|no|don'?t want)[\s的]*(?:the\s+)?$")
_NEAR = 80


def find_boolean(text: str) -> Found | None:
    """Return yes or no when `text` is a short answer that begins with one, else None (好像, 不知道, a long sentence)."""
    levelled = level(text).strip().rstrip("。.!！~ ")
    if not levelled or len(levelled) > _LONGEST or _undecided(levelled):
        return None
    for start in {0, _lead(levelled)}:
        rest = levelled[start:]
        if _NO.match(rest):
            return Found("boolean", False, text, 0, len(text))
        if _YES.match(rest):
            return Found("boolean", True, text, 0, len(text))
    return None


def match_enum(
    text: str,
    options: Sequence[str],
    *,
    synonyms: Mapping[str, Sequence[str]] | None = None,
    whole: bool = False,
) -> Found | None:
    """Return the one of `options` that `text` names: by itself, by a synonym, or nearly (then `sure` is false).

    The last one named wins unless it is refused (不要红色，要蓝色). `whole` says that `text` answers the question for
    this value, so that a near miss or a part of a name is enough.
    """
    levelled = level(text)
    best: Found | None = None
    for option in options:
        for name in (option, *(synonyms or {}).get(option, ())):
            for start in _occurrences(levelled, level(name)):
                if _REFUSED_BEFORE.search(levelled[:start]):
                    continue
                if best is None or (start, len(name)) > (
                    best.start,
                    best.end - best.start,
                ):
                    end = start + len(name)
                    best = Found("enum", option, text[start:end], start, end)
    if best or not whole:
        return best
    return _nearest(text, levelled.strip(), options, synonyms or {})


def _nearest(
    text: str,
    levelled: str,
    options: Sequence[str],
    synonyms: Mapping[str, Sequence[str]],
) -> Found | None:
    scored = [
        (_likeness(levelled, level(name)), option)
        for option in options
        for name in (option, *synonyms.get(option, ()))
    ]
    score, option = max(scored, default=(0.0, ""))
    rivals = {other for likeness, other in scored if likeness >= score}
    if score < _NEAR or len(rivals) > 1:
        return None
    return Found("enum", option, text, 0, len(text), sure=False)


def _likeness(said: str, name: str) -> float:
    if len(said) >= 2 and said in name:
        return 90.0
    return fuzz.ratio(said, name)


def _occurrences(text: str, name: str) -> list[int]:
    if not name:
        return []
    # A Latin name must stand alone: "cancelled" does not name "cancel".
    edge = r"(?<![a-z0-9]){}(?![a-z0-9])" if name.isascii() else "{}"
    return [match.start() for match in re.finditer(edge.format(re.escape(name)), text)]


def _undecided(levelled: str) -> bool:
    return bool(
        re.search(
            r"不知道|不清楚|不确定|好像|可能|也许|随便|not sure|maybe|don'?t know|[?？吗]",
            levelled,
        )
    )


def _lead(levelled: str) -> int:
    match = _LEADING.match(levelled)
    return match.end() if match else 0
