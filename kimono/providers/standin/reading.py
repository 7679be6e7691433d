"""What the stand-in understands of a prompt: its sources, its question, and sentences."""

import json
import re
from dataclasses import dataclass
from itertools import pairwise

_SOURCE = re.compile(
    r"<source\b[^>]*?\bid\s*=\s*[\"']?(\d+)[\"']?[^>]*>(.*?)</source>", re.DOTALL | re.IGNORECASE
)
_TAGGED_QUESTION = re.compile(r"<(question|message|query)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_LABELLED_QUESTION = re.compile(
    r"^\s*(?:question|message|query|user question|问题|用户问题|消息|用户消息)\s*[:：]\s*(.+)$",
    re.MULTILINE | re.IGNORECASE,
)
_OTHER_BLOCK = re.compile(r"<(\w+)\b[^>]*>.*?</\1>", re.DOTALL)
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?=\S)[^。！？!?；;\n.]*)*[。！？!?；;.]*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[a-z0-9]+")
_COMMON_WORDS = (
    "a an the of to in on at for and or is are do does i my me can you your it how what when where"
    " 的 了 吗 是 我 你"
)
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Source:
    """One labelled passage of a prompt."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt as the stand-in reads it; `last` is the last user message as it was sent."""

    last: str
    question: str
    sources: tuple[Source, ...]

    @property
    def chinese(self) -> bool:
        """Tell whether the question is written in Chinese or Japanese."""
        return _CJK.search(self.question) is not None


def read(messages: list[tuple[str, str]]) -> Reading:
    """Read (role, content) pairs: sources and question are those of the last user message."""
    last = next((content for role, content in reversed(messages) if role == "user"), "")
    sources = tuple(Source(int(number), text.strip()) for number, text in _SOURCE.findall(last))
    return Reading(last=last, question=_question(_SOURCE.sub("", last)), sources=sources)


def sentences(text: str) -> list[str]:
    """Split a text into its sentences, each with its end mark."""
    return [found for match in _SENTENCE.finditer(text) if (found := match.group().strip())]


def likeness(question: str, sentence: str) -> float:
    """Return the share of the question's features, 0 to 1, that the sentence has."""
    asked = _terms(question)
    return len(asked & _terms(sentence)) / len(asked) if asked else 0.0


def _question(rest: str) -> str:
    named = _named_in_json(rest)
    if named:
        return named.strip()
    tagged = _TAGGED_QUESTION.findall(rest)
    if tagged:
        return str(tagged[-1][1]).strip()
    labelled = _LABELLED_QUESTION.findall(rest)
    if labelled:
        return str(labelled[-1]).strip()
    return _OTHER_BLOCK.sub("", rest).strip()


def _named_in_json(text: str) -> str | None:
    """Return the message of a prompt that is a JSON object, as prompts that must not be mistaken for orders are."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    names = ("message", "question", "query") if isinstance(value, dict) else ()
    return next((value[name] for name in names if isinstance(value.get(name), str)), None)


def _terms(text: str) -> frozenset[str]:
    lowered = text.lower()
    cjk = _CJK.findall(lowered)
    pairs = [first + second for first, second in pairwise(cjk)]
    # A plural is not another word; anything finer is the work of a real model.
    words = [word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(lowered)]
    return frozenset(pairs or cjk) | frozenset(word for word in words if word not in _COMMON)
