"""What a question is about: the words and codes in it that an answer has to speak of.

How something is asked (怎么办, 多少钱, 是什么意思, `how do I`) is no topic: a text that answers does not repeat it.
"""

import re
from dataclasses import dataclass

from knowledge.services.folding import fold
from knowledge.services.stopwords import ENGLISH
from knowledge.services.terms import codes, content_terms, stem, terms

_ASKING = re.compile(
    "是?(?:什么|啥)(?:意思|原因|情况|样子|样|时候|时间|地方|价)?"
    "|怎么(?:办|样|回事|弄|搞|操作|处理|解决)?|怎样|咋(?:办|整|样|弄|回事)?|如何|为什么|为何"
    "|多少钱?|几(?:天|点|个|时|次|号|楼|层|种)|多(?:久|长时间|长|大(?!学)|远|高|贵)|哪(?:里|儿|些|个|种|位|家|天|边)"
    "|请问|帮我|我想|想问一?下?|(.)[不没]\\1|是否|有没有|可以|能够|能否|一下"
)
_WORDS = (
    "吗 呢 吧 呀 谁 哪 几 多 能 可 要 想 会 没 没有 有 需要 应该 知道 告诉 问 说 咨询"
    " can could may might much many want know tell help explain mean means meaning"
)
_ASKING_WORDS = frozenset(stem(word) for word in _WORDS.split())
# The letters of a Chinese word that a text lacks count for this share of it: 掉线 is near 断线.
LETTERS_SHARE = 0.6
# Digits in a row from which a code is taken for a number of the customer's own, such as that of an order.
_OWN_NUMBER = re.compile("[0-9]{5}")


@dataclass(frozen=True, slots=True)
class Key:
    """A word or code of a question, with the terms that a text which holds it has.

    `letters` are those of a Chinese word of two characters or more.
    """

    word: str
    terms: tuple[str, ...]
    letters: tuple[str, ...] = ()
    is_code: bool = False

    @property
    def weight(self) -> float:
        """How much it tells beside what its rarity tells: a code names one thing and no other."""
        return 2.0 if self.is_code else 1.0


def split_terms(text: str) -> tuple[set[str], set[str]]:
    """Return the terms of what `text` is about, and the other ones, of how it asks; nothing else than asking is a topic."""
    everything = set(terms(text))
    found = {term for term in terms(_topic(text)) if term not in ENGLISH} or everything
    return found, everything - found


def keys(text: str) -> tuple[Key, ...]:
    """Return what `text` is about, each once: its content words, and its codes.

    A number of the customer's own (an order number) is left out: no text of the merchant's holds it.
    """
    rest = _topic(text)
    named = codes(rest)
    found = {
        code: Key(_joined(code), (_joined(code),), is_code=True)
        for code in named
        if not _OWN_NUMBER.search(code)
    }
    parts = {part for code in named for part in (code, *re.split("[-_]", code))}
    for word in content_terms(rest):
        if word not in parts and word not in _ASKING_WORDS and not word.isdigit():
            found.setdefault(word, _key(word))
    return tuple(found.values())


def only_asks(word: str) -> bool:
    """Tell whether a content word is one that questions are made with, and no topic."""
    return word in _ASKING_WORDS


def _topic(text: str) -> str:
    return _ASKING.sub(" ", fold(text))


def _joined(code: str) -> str:
    return code.replace("-", "").replace("_", "")


def _key(word: str) -> Key:
    if word < "\u2e80":
        return Key(word, (word,))
    pairs = tuple(word[start : start + 2] for start in range(len(word) - 1))
    return Key(word, pairs or (word,), tuple(dict.fromkeys(word)) if pairs else ())
