"""The story so far for the agent who takes over: taken from what was said, never made up."""

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from conversations.services.dialogue.intents.rules import recognise
from conversations.services.dialogue.phrases import Language
from conversations.services.dialogue.rewriting import rewrite
from conversations.services.dialogue.values import find_orders, has_no_words
from conversations.services.dialogue.window import Line, Window
from knowledge.services.folding import fold

_LONGEST = 200
_LONGEST_ATTEMPT = 80
_MOST_NEEDS = 3
_MOST_ATTEMPTS = 5
_SAME = 88
_CITED = re.compile(r"\[\d+\]")
# The dot of "1." ends no sentence.
_SENTENCE = re.compile(r".+?(?:[。！？!?；;\n]|(?<!\d)\.(?=\s|$)|$)", re.DOTALL)
_HEAD = re.compile(
    r"^(?:你好|您好|hi|hello|hey|请问|麻烦|帮我|我的|我想问一下|我想问|想问一下|请教一下|[\s,，。.!！~、])+(?![a-z])",
    re.IGNORECASE,
)
_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])\s*,\s*(?=[\u4e00-\u9fff])")
_NOTHING_SAID: Mapping[Language, str] = {
    "zh": "客户要求人工服务，尚未说明问题",
    "en": "The contact asks for a person and has not yet said what it is about",
    "ja": "担当者への接続を希望。用件はまだ伺っていません",
}


def summarise(history: Window, slots: Mapping[str, object], *, language: Language = "zh") -> str:
    """Return what the contact needs in at most 200 characters: the last needs said, with the values gathered.

    `history` is the conversation including the last message, oldest first. Follow-ups are completed by the topic they
    hang on; greetings, requests for a person and words of anger are left out unless nothing else was said.
    """
    needs = _needs(history)
    text = ("；" if language != "en" else "; ").join(needs) or _NOTHING_SAID[language]
    unsaid = [f"{name}: {value}" for name, value in slots.items() if fold(str(value)) not in fold(text)]
    unsaid += [each for each in _numbers(history) if fold(each) not in fold(text + "".join(unsaid))]
    if unsaid:
        text += f"（{'，'.join(unsaid)}）" if language != "en" else f" ({', '.join(unsaid)})"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def attempted_solutions(history: Window) -> list[str]:
    """Return what the bot has already answered, the first sentence of each, without repetitions, oldest first."""
    attempts: list[str] = []
    for line in history:
        if line.role != "bot" or line.kind not in ("answer", "message"):
            continue
        sentence = _first_sentence(line.text)
        if sentence and not _known(sentence, attempts):
            attempts.append(sentence)
    return attempts[-_MOST_ATTEMPTS:]


def _numbers(history: Window) -> list[str]:
    """Return what was written as a bare number: it says whose business it is, not what is wanted."""
    written = (line.text.strip() for line in history if line.role == "contact")
    return list(dict.fromkeys(text for text in written if find_orders(text) and has_no_words(text)))[
        -_MOST_NEEDS:
    ]


def _needs(history: Window) -> list[str]:
    needs: list[str] = []
    complaints: list[str] = []
    for index, line in enumerate(history):
        if line.role != "contact" or has_no_words(line.text):
            continue
        recognised = recognise(line.text, window=history[:index])
        if recognised.intent in ("chitchat", "transfer_to_human", "unknown", "blocked"):
            continue
        need = _tidied(_stated(line, history[:index]))
        pile = complaints if recognised.intent == "emotion_sensitive" else needs
        # Said again, it is said better: the later wording replaces the earlier.
        pile[:] = [earlier for earlier in pile if not _known(earlier, [need])]
        if need:
            pile.append(need)
    said = needs[-_MOST_NEEDS:]
    return (said + complaints[-1:])[-_MOST_NEEDS:]


def _stated(line: Line, before: Window) -> str:
    """Return the message as it stands by itself; an answer to the bot's question is told by its slot instead."""
    last = before[-1] if before else None
    if last is not None and last.role == "bot" and last.kind == "ask":
        return ""
    return rewrite(line.text, before).text


def _tidied(text: str) -> str:
    one_line = " ".join(text.split())
    tidy = _BETWEEN_HAN.sub("，", _HEAD.sub("", one_line))
    return tidy.rstrip("。.!！?？~ ") or one_line


def _first_sentence(text: str) -> str:
    plain = " ".join(_CITED.sub("", text).split())
    match = _SENTENCE.match(plain)
    sentence = match.group().strip() if match else ""
    return sentence if len(sentence) <= _LONGEST_ATTEMPT else sentence[: _LONGEST_ATTEMPT - 1] + "…"


def _known(text: str, others: Sequence[str]) -> bool:
    return any(fuzz.ratio(fold(text), fold(other)) >= _SAME for other in others)
