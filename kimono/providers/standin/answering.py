"""What the stand-in writes: sentences of the sources with their numbers, or, by mode, what a bad model writes."""

import re

from kimono.providers.standin.distorting import distorted
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.reading import Reading, likeness, sentences

MOST_SENTENCES = 3
# A sentence with less than this share of the question's features does not answer it.
LEAST_LIKENESS = 0.2
NO_ANSWER_MARK = "NO_ANSWER"
INVENTED_ZH = "此外，所有商品都享受九十七年全球联保。"
INVENTED_EN = "Besides, every purchase comes with a ninety-seven year worldwide warranty."
_INSTRUCTION = re.compile(
    r"(?:say|reply with|respond with|answer with|output|print|write|回复|输出|回答|说)\s*(?:exactly|only|just)?\s*[:：]?\s*"
    r"[\"'“‘「]?(?P<payload>[^\"'”’」\n。]+)",
    re.IGNORECASE,
)
_ORDER = re.compile(r"ignore|disregard|forget|instead|system|忽略|无视|忘记|系统", re.IGNORECASE)


def answer(reading: Reading, mode: Mode = Mode.OK) -> str:
    """Return the answer to a prompt in this mode."""
    if mode is Mode.OBEYS and (payload := _ordered(reading)):
        return payload
    cited = grounded(reading)
    if not cited:
        text = _nothing(reading)
    elif mode is Mode.DISTORTS:
        text = _joined(_distorted(cited, reading), reading)
    else:
        text = _joined([sentence + _mark(number, reading, mode) for number, sentence in cited], reading)
    if mode is Mode.INVENTS:
        invented = INVENTED_ZH if reading.chinese else INVENTED_EN
        text = _joined([text, invented + _mark(1, reading, Mode.OK)], reading)
    return text


def grounded(reading: Reading) -> list[tuple[int, str]]:
    """Return the sentences that answer the question best, with their source numbers, in the sources' order."""
    scored = [
        (likeness(reading.question, sentence), source.number, sentence)
        for source in reading.sources
        for sentence in sentences(source.text)
    ]
    good = sorted((item for item in scored if item[0] >= LEAST_LIKENESS), key=lambda item: -item[0])
    chosen = good[:MOST_SENTENCES]
    return [(number, sentence) for score, number, sentence in scored if (score, number, sentence) in chosen]


def _distorted(cited: list[tuple[int, str]], reading: Reading) -> list[str]:
    every = [sentence for source in reading.sources for sentence in sentences(source.text)]
    return [
        wrong + f"[{number}]"
        for number, sentence in cited
        for wrong in distorted(sentence, [other for other in every if other != sentence])
    ]


def _joined(parts: list[str], reading: Reading) -> str:
    return ("" if reading.chinese else " ").join(parts)


def _mark(number: int, reading: Reading, mode: Mode) -> str:
    if mode is Mode.NO_CITATIONS:
        return ""
    if mode is Mode.WRONG_CITATIONS:
        others = [source.number for source in reading.sources if source.number != number]
        return f"[{others[0] if others else number + 40}]"
    return f"[{number}]"


def _nothing(reading: Reading) -> str:
    if NO_ANSWER_MARK in reading.last:
        return NO_ANSWER_MARK
    if not reading.sources:
        return "您好，请问有什么可以帮您？" if reading.chinese else "Hello, how can I help you?"
    return "资料里没有这个问题的答案。" if reading.chinese else "The sources do not answer this question."


def _ordered(reading: Reading) -> str | None:
    """Return what an instruction inside a source wants said, as a model without any caution would."""
    for source in reading.sources:
        found = _INSTRUCTION.search(source.text)
        if found and _ORDER.search(source.text):
            return found.group("payload").strip()
    return None
