"""Words of a text, for matching: the terms of BM25 and the content words of a grounding check.

The terms of one text are a bag. CJK characters, their bigrams and words of three characters or more cannot collide,
because they differ in length; words of one or two characters are already there as characters and bigrams, so nothing is
counted twice. Latin terms hold no CJK character. So the namespace of a term is its own form, and no prefix is needed.
"""

import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from knowledge.services.facts import latin_entities, negations, numbers
from knowledge.services.folding import fold
from knowledge.services.remembering import remembered
from knowledge.services.stopwords import CHINESE, ENGLISH

if TYPE_CHECKING:
    from jieba import Tokenizer

__all__ = ["codes", "content_terms", "latin_entities", "negations", "numbers", "stem", "terms"]

# Han, kana, Hangul: scripts that do not put spaces around words, or put them where readers differ.
_CJK = "\u3005\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff\uac00-\ud7a3\U00020000-\U000323af"
_RUN = re.compile(
    rf"(?P<number>(?<![0-9a-z.,])(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+(?=\.))(?:\.[0-9]+)?(?![0-9a-z]|\.[0-9]))"
    rf"|(?P<cjk>[{_CJK}]+)"
    rf"|(?P<latin>[^\W_{_CJK}]+)"
)
_MEASURE = re.compile(
    r"([0-9]+)(kg|km|cm|mm|ml|gb|mb|tb|kb|mah|ghz|mhz|hz|kw|kwh|mins?|hrs?|px|fps|rmb|cny|usd|days?|hours?)"
)
_HYPHENATED = re.compile(r"(?<![a-z0-9-])[a-z]{1,10}(?:-[a-z]{1,10}){1,2}(?![a-z0-9-])")
_CODE = re.compile(
    r"(?<![a-z0-9_-])(?=[a-z0-9_-]*[a-z])(?=[a-z0-9_-]*[0-9])[a-z0-9]+(?:[-_][a-z0-9]+)*(?![a-z0-9_-])"
)
_NOT = re.compile(r"(?:\b(can)|(?<=[a-z]))n?['’]t\b")
_VOWEL = re.compile("[aeiouy]")
_KEPT_S = ("ss", "us", "is")

_jieba_lock = threading.Lock()
_jieba: "Tokenizer | None" = None


@remembered
def terms(text: str) -> tuple[str, ...]:
    """Return the BM25 terms of `text` with their repetitions, the same for a question and for what is indexed.

    The text is folded first. CJK runs give their characters, bigrams and jieba words of three characters or more
    (search mode). Latin runs stay whole, lower-cased and lightly stemmed. A number loses its thousands separators; one
    with decimals is there whole and by its two parts; a number glued to a unit (`16gb`) also gives both parts; a
    hyphenated word (`wi-fi`) also gives its joined form (`wifi`), and so does a code (`HZ-203`: `hz203`).
    """
    folded = fold(text)
    found: list[str] = []
    for run in _RUN.finditer(folded):
        match run.lastgroup:
            case "cjk":
                found += _cjk_terms(run.group())
            case "number":
                found += _number_terms(run.group())
            case _:
                found += _latin_terms(run.group())
    if "-" in folded:
        found += [stem(word.group().replace("-", "")) for word in _HYPHENATED.finditer(folded)]
    if "-" in folded or "_" in folded:
        found += [joined for code in _CODE.findall(folded) if (joined := re.sub("[-_]", "", code)) != code]
    return tuple(found)


def codes(text: str) -> list[str]:
    """Return the codes in `text`, folded: letters and digits in one (E118), parts joined by `-` or `_` (HZ-203).

    A number with its unit (16 GB, 10 km) is none.
    """
    return list(dict.fromkeys(code for code in _CODE.findall(fold(text)) if not _MEASURE.fullmatch(code)))


@remembered
def content_terms(text: str) -> tuple[str, ...]:
    """Return the words of `text` that carry its meaning, in order: function words are left out.

    CJK text is cut into jieba words, Latin words are stemmed. Numbers, names and negations stay: a sentence that a
    passage supports shares them with it.
    """
    return tuple(
        word
        for word in _words(_NOT.sub(r"\1 not ", fold(text)))
        if word not in CHINESE and word not in ENGLISH
    )


def stem(word: str) -> str:
    """Return the common root of an English word and its plural, -ed, -ing and adverb forms.

    A handful of suffix rules and no dictionary: the root only has to be the same for forms of one word, not be a word
    itself. Against BM25 without it, on public English intent sets, it gains one to three points of recall at one.
    Words with a digit or a non-ASCII letter and words of three letters are left alone.
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(_KEPT_S):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        root = word.removesuffix(suffix)
        if root != word and len(root) >= 3 and _VOWEL.search(root):
            word = root[:-1] if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    if word.endswith(("e", "ll")) and len(word) > 3 + word.endswith("ll"):
        word = word[:-1]
    return word[:-2] if word.endswith("ly") and len(word) > 5 else word


def _cjk_terms(run: str) -> Iterator[str]:
    yield from run
    for start in range(len(run) - 1):
        yield run[start : start + 2]
    if len(run) > 2:
        yield from (word for word in _tokenizer().cut_for_search(run) if len(word) > 2)


def _number_terms(run: str) -> Iterator[str]:
    joined = run.replace(",", "")
    yield joined
    if "." in joined:
        yield from joined.split(".")


@remembered
def _latin_terms(run: str) -> tuple[str, ...]:
    measure = _MEASURE.fullmatch(run)
    return (stem(run), *measure.groups()) if measure else (stem(run),)


def _words(folded: str) -> Iterator[str]:
    for run in _RUN.finditer(folded):
        match run.lastgroup:
            case "cjk":
                yield from _tokenizer().cut(run.group())
            case "number":
                yield run.group().replace(",", "")
            case _:
                word = run.group()
                yield word if word in ENGLISH else stem(word)


def _tokenizer() -> "Tokenizer":
    """Return the one tokenizer of the process, loaded at first use: it takes some 70 MB, so no tenant has its own.

    The frequencies are built from the packaged dictionary. jieba's own cache is not used: it is a file with a known
    name in the shared temporary folder that is read with `marshal`.
    """
    global _jieba
    if _jieba is None:
        with _jieba_lock:
            if _jieba is None:
                from jieba import Tokenizer

                tokenizer = Tokenizer()
                tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
                tokenizer.initialized = True
                _jieba = tokenizer
    return _jieba
