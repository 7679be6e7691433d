"""Clean text that comes from outside, and tell its language."""

import re
from typing import Any, Literal

Language = Literal["zh", "en", "ja"]

# Characters that show nothing but change what a machine reads: soft hyphen, grapheme joiner, Arabic letter mark, Hangul
# fillers, Khmer inherent vowels, Mongolian selectors, zero-width and bidi controls, invisible operators, variation
# selectors, annotation anchors, noncharacters, tags; controls other than tab and line feed; lone surrogates, which no
# database column can hold.
_INVISIBLE = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN = re.compile(f"[{_INVISIBLE}]+")
_LINE_END = re.compile("\r\n?|[\u000b\u000c\u0085\u2028\u2029]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['\u2019][A-Za-z]+)?")
_FUNCTION_WORDS = (
    "a an and are be but can could did do does for from have has how i if in is it my not of on or our should that the"
    " there these this to was we were what when where which who why will with would you your"
)
_ENGLISH_FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def clean(text: str) -> str:
    """Return `text` as it is to be stored: what is written stays, what cannot be seen goes.

    Line ends become ``\\n``. Nothing else is changed: full-width forms, traditional characters and case stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return UNSEEN.sub("", _LINE_END.sub("\n", text))


def trimmed(value: Any) -> Any:
    """Return a text cleaned and without blanks around it, anything else as it is; for pydantic's `BeforeValidator`.

    As a validator after the fact it would come too late: pydantic measures the length first.
    """
    return clean(value).strip() if isinstance(value, str) else value


def detect_language(text: str) -> Language:
    """Return the language to answer `text` in; Chinese when it holds no letter at all, English for other scripts.

    Latin names inside a Chinese sentence do not make it English: only English function words speak against Han
    characters. Kana make a text Japanese when they are more than a tenth of its CJK characters.
    """
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    if kana and kana * 10 > kana + han and kana > 1:
        return "ja"
    words = [word.lower() for word in _LATIN_WORD.findall(text)]
    function_words = sum(word in _ENGLISH_FUNCTION_WORDS for word in words)
    if han and (not function_words or han >= len(words) + 2 * function_words):
        return "zh"
    return "en" if any(character.isalpha() for character in text) else "zh"
