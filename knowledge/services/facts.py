"""Parts of a sentence that must agree with its source to the letter: numbers, negations, names.

A sentence may be worded otherwise than the passage it rests on; it may not say 15 where the passage says 7, deny what
the passage allows, or name a product that the passage does not mention.
"""

import re

from knowledge.services.folding import fold
from knowledge.services.stopwords import ENGLISH

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_NUMERAL = "零〇一二两三四五六七八九十百千万亿"
# Measure words after which a Chinese numeral counts something. 个, 种 and 些 are absent after 一 alone: 一个 is an article.
_MEASURES = (
    "个工作日|工作日|个月|个小时|小时|分钟|星期|公斤|公里|千克|平方米|毫升|厘米|毫米|个|天|日|年|月|周|时|点|分|秒|元|块|角|次"
    "|件|套|张|条|位|名|人|岁|倍|成|折|级|楼|层|号|页|米|克|斤|升|吨|台|部|步|家|份|杯|瓶|箱|包|晚|夜|种|项|类|期|批|届|章|节|款"
)
_ARTICLE = re.compile("一(?:个(?!工作日|月|小时|星期)|种|项|类|位|款|台|家|份|点)")
_CHINESE = re.compile(
    rf"百分之(?P<percent>[{_NUMERAL}]+(?:点[{_NUMERAL}]+)?|[0-9.]+)"
    rf"|第(?P<ordinal>[{_NUMERAL}]+)"
    rf"|(?P<counted>[{_NUMERAL}]+)(?P<half>个?半)?(?=多?(?:{_MEASURES})(?P<after>半(?![天年价]|小时|个))?)"
    rf"|(?P<halved>半)(?=小时|年|天|个月|个小时|价)"
    rf"|(?P<large>[一二两三四五六七八九][{_NUMERAL}]*[十百千万亿][{_NUMERAL}]*)"
)
_ARABIC = re.compile(r"(?<![0-9.])([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\s*([%‰万亿](?!分))?")
_IDIOMS = re.compile(
    "万一|十分(?!钟|之)|千万(?!元|人|个|台|美)|一万个?不|七上八下|三心二意|一五一十|百般|千方百计|万分|成千上万|四面八方|百度|三星|五金|六合|八卦"
)
_SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_ENGLISH_NUMBERS = {word: value for value, word in enumerate(_SMALL_NUMBERS.split()) if value != 1} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SPELT = "|".join(_ENGLISH_NUMBERS)
_ENGLISH_NUMBER = re.compile(
    rf"\b(?:({_SPELT}|an?|one)(?:[- ](hundred|thousand|million)|-(one|two|three|four|five|six|seven|eight|nine))"
    rf"|({_SPELT}))\b"
)
_ENGLISH_POWERS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}

# Words that contain a negative character and deny nothing.
_NOT_NEGATIVE = re.compile(
    "不过|不但|不仅|不只|不光|不管|不论|无论|不同|不断|不久|不少|不如|不妨|不必说|差不多|对不起|不好意思|不客气|不用谢|了不起|要不|不然"
    "|非常|并非不|莫非|除非|是非|非洲|无线|无纺|无数|无疑|无非|无偿|无障碍|未来|未必不|未婚|别人|别的|别处|别墅|特别|分别|级别|区别|类别|性别|识别|个别"
    "|鉴别|告别|没关系|没问题|没事|没错"
)
_ASKED = re.compile(r"(.)(?:不|没)\1|有没有|(?<=[\u4e00-\u9fff])(?:吗|没有)?[?]\Z")
_CHINESE_NEGATION = re.compile(
    "不能|不可以?|不得|不允许|不支持|不予|不会|不需要?|不用|不必|不再|不在|不是|不|没有|没|无法|无需|无须|无|未|勿|禁止|严禁|谢绝|拒绝|切勿|请勿|别|非|除外"
)
_ENGLISH_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nobody|nothing|nowhere|without|cannot|unable|unavailable|prohibited|forbidden|except"
    r"|(?:ca|wo|do|does|did|is|are|was|were|has|have|had|should|would|could|must|need)n['’]?t)\b"
)
_NOT_ENGLISH_NEGATIVE = re.compile(
    r"\bnot only\b|\bno problem\b|\bno\.\s?(?=[0-9])|\bwhether or not\b|\bno matter\b|\bno worries\b"
)

_ADDRESS = re.compile(
    r"https?://[^\s<>()\"'，。；、）】》]+|(?<![a-z0-9_.+-])[a-z0-9_.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:[-_.+&/][A-Za-z0-9]+)*\+*|(?<![A-Za-z0-9])[0-9]+[A-Za-z][A-Za-z0-9]*"
)
_HAN = re.compile("[\u3400-\u9fff]")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;•|]\s+|\n\s*|[\"“‘(*#>-]\s*)\Z")
_UNIT_WORDS = "kg g km m cm mm ml l h min s gb mb tb kb px rmb cny usd pm am vs etc eg ie ok id"
_UNITS = frozenset(_UNIT_WORDS.split())


def numbers(text: str) -> list[str]:
    """Return the numbers that `text` states, in order, each in one form: `7`, `1200.5`, `15%`.

    Arabic and full-width digits, Chinese numerals where they count something (七天, 一百二十元, 百分之五, 第三), English
    number words from two on. 一个 and `one` are articles and are left out; so are idioms (万一, 十分).
    """
    folded = _IDIOMS.sub(" ", fold(text))
    found = [(match.start(), _arabic(match)) for match in _ARABIC.finditer(folded)]
    found += [
        (match.start(), value) for match in _CHINESE.finditer(folded) if (value := _chinese(match, folded))
    ]
    found += [(match.start(), _english(match)) for match in _ENGLISH_NUMBER.finditer(folded)]
    return [value for _, value in sorted(found, key=lambda pair: pair[0])]


def negations(text: str) -> list[str]:
    """Return the words by which `text` denies or forbids, in order and folded; an empty list means that it affirms.

    Words that only look negative (不过, 特别, `not only`) and the two halves of a question (能不能, 有没有) do not count.
    """
    folded = _NOT_ENGLISH_NEGATIVE.sub(" ", _ASKED.sub(" ", _NOT_NEGATIVE.sub(" ", fold(text))))
    found = [(match.start(), match.group()) for match in _CHINESE_NEGATION.finditer(folded)]
    found += [(match.start(), match.group()) for match in _ENGLISH_NEGATION.finditer(folded)]
    return [word for _, word in sorted(found)]


def latin_entities(text: str) -> list[str]:
    """Return the names in Latin letters that `text` mentions, folded, in order, without repetition.

    In a text with Han characters every Latin word but a unit is a name (VPN, Outlook); in an English one a word is when
    it has a digit, a capital inside or after the beginning of its sentence, or is all capitals. Web and mail addresses
    are names too.
    """
    found: dict[str, None] = {}
    rest = text
    for address in _ADDRESS.finditer(text):
        found[fold(address.group()).rstrip(".,;:!?/")] = None
        rest = rest.replace(address.group(), " ")
    chinese = bool(_HAN.search(rest))
    for name in _NAME.finditer(rest):
        word = name.group().rstrip("-_.&/")
        if _is_name(
            word,
            chinese=chinese,
            starts=bool(_SENTENCE_START.search(rest, max(0, name.start() - 20), name.start())),
        ):
            found[fold(word)] = None
    return list(found)


def _is_name(word: str, *, chinese: bool, starts: bool) -> bool:
    lowered = word.lower()
    if lowered in _UNITS or lowered in ENGLISH or len(word) < 2 or _ENGLISH_NEGATION.fullmatch(lowered):
        return False
    if chinese or any(character.isdigit() for character in word) or any(c.isupper() for c in word[1:]):
        return True
    return word[0].isupper() and not starts


def _arabic(match: re.Match[str]) -> str:
    whole, fraction, mark = match.groups()
    value = whole.replace(",", "").lstrip("0") or "0"
    if fraction and (digits := fraction.rstrip("0").rstrip(".")):
        value += digits
    if mark in _MYRIADS:
        return _plain(float(value) * _MYRIADS[mark])
    return value + (mark or "")


def _chinese(match: re.Match[str], text: str) -> str | None:
    if percent := match.group("percent"):
        whole, _, fraction = percent.partition("点")
        value = percent if percent[0].isdigit() and percent.isascii() else str(_value(whole))
        return value + ("." + "".join(str(_DIGITS.get(c, "")) for c in fraction) if fraction else "") + "%"
    if ordinal := match.group("ordinal"):
        return str(_value(ordinal))
    if match.group("halved"):
        return "0.5"
    counted = match.group("counted")
    if counted and (_ARTICLE.match(text, match.start()) or counted in ("万", "千", "百", "亿")):
        return None
    return str(_value(counted or match.group("large"))) + (
        ".5" if match.group("half") or match.group("after") else ""
    )


def _value(numeral: str) -> int:
    """Return the value of a Chinese numeral; digits in a row (二〇二四) are read one by one."""
    if not any(character in _TENS or character in _MYRIADS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        else:
            total = (total + section + digit or 1) * _MYRIADS[character]
            section = digit = 0
    return total + section + digit


def _english(match: re.Match[str]) -> str:
    head, power, unit, plain = match.groups()
    if plain:
        return str(_ENGLISH_NUMBERS[plain])
    value = _ENGLISH_NUMBERS.get(head, 1)
    return str(
        value * _ENGLISH_POWERS[power] if power else value + (1 if unit == "one" else _ENGLISH_NUMBERS[unit])
    )


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
