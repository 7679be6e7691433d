"""Another thing is asked about in the same way: 那小纹呢 after 振袖清洗费是多少 asks 小纹清洗费是多少."""

import re
from collections.abc import Iterator

from conversations.services.dialogue.rewriting.words import (
    ASKING,
    COLOURS_EN,
    CONDITION,
    KINDS,
    KINDS_EN,
    SIDE_WORDS,
    SIDE_WORDS_EN,
    STOP_WORDS_EN,
    VERBS,
    VERBS_EN,
)
from knowledge.services.terms import content_terms

_QUANTITY = re.compile(
    r"(?:\d+|[一二两三四五六七八九十半几]+)(?:多)?(?:个)?(天|人|件|套|小时|月|年|次|晚|周|岁|公斤|斤|公里|cm|分钟)"
)
_NOTHING_LEFT = re.compile(r"[了吗呢啊的吧\s]*")
_SIDE_TAIL = re.compile(r"(?:费|费用|价|价格|价钱|金|期|期限|时间|政策|流程)$")
_PRICE_TAIL = re.compile(r"(?:(?<![运邮])费用?|价格|价钱|价)$")
_NOUN_TAIL = re.compile(r"(?:费用?|价格|价钱|价|租金|押金|定金|期限|时间|政策|流程)$")
_WORD_EN = re.compile(r"[a-z][a-z0-9'-]*|\d+")
_QUANTITY_EN = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|a) (day|week|month|hour|night|person|people|piece)s?\b"
)
_ONE_EN = re.compile(r"^(?:the |a |an )?(?P<kind>.+?) ones?$")
_PLACED_EN = re.compile(r"^(?:on|in|at|for|to|with|from|during|if|when) ")
_ARTICLE_EN = re.compile(r"^(?:the|a|an|your|my) ")


def substituted(question: str, noun: str) -> str | None:
    """Return the folded `question` with `noun` in the place of the thing it is asked about, None where it has no place.

    A noun of the same kind is replaced (银卡会员 by 金卡会员, 周末 by 平日, 两天 by 三天, blue by red); a kind that the
    question does not name is added; else the first thing of the question gives way. A noun that names only a side of
    a thing (运费, 期限) has no place here: the caller puts it after the topic.
    """
    if not re.search(r"[\u3400-\u9fff]", question):
        return _substituted_en(question, noun)
    described = noun.endswith("的")
    noun = noun.rstrip("的")
    if not noun:
        return None
    replaced = _of_same_kind(question, noun) or _with_same_end(question, noun)
    if replaced:
        return replaced
    if _kind(noun) or _QUANTITY.fullmatch(noun) or CONDITION.search(noun):
        return noun + question
    if described:
        things = list(_things(question))
        return _put_before(question, things[0], noun) if things else noun + question
    if is_side(noun) or VERBS.fullmatch(noun):
        return None
    thing = next(_things(question), "")
    if _NOTHING_LEFT.fullmatch(question.replace(thing, "", 1)):
        # 打印机卡纸了, 那扫描呢: nothing was asked of the one that could be asked of the other.
        return noun
    return re.sub(rf"{re.escape(thing)}了?", lambda _: noun, question, count=1) if thing else noun + question


def is_side(noun: str) -> bool:
    """Tell whether a noun names a side of a thing, not a thing: 运费, 期限, 押金."""
    return not SIDE_WORDS.sub("", noun) or bool(_SIDE_TAIL.search(noun))


def without_price(topic: str) -> str:
    """Return a topic without the price that was asked for: 振袖清洗费 → 振袖清洗."""
    return _shortened(topic, _PRICE_TAIL)


def _shortened(topic: str, tail: re.Pattern[str]) -> str:
    shorter = tail.sub("", topic)
    return shorter if len(shorter) >= 2 else topic


def named_thing(topic: str) -> str:
    """Return what another side is asked of: a topic without its side, or the thing in it when it is a whole sentence."""
    if not ASKING.search(topic):
        return _shortened(topic, _NOUN_TAIL)
    return next(_things(topic), topic)


def _of_same_kind(question: str, noun: str) -> str | None:
    quantity = _QUANTITY.fullmatch(noun)
    if quantity:
        same = next((found for found in _QUANTITY.finditer(question) if found[1] == quantity[1]), None)
        return _replace(question, same.group(), noun) if same else None
    kind = _kind(noun)
    named = kind.search(question) if kind else None
    return _replace(question, named.group(), noun) if named else None


def _kind(noun: str) -> re.Pattern[str] | None:
    return next((kind for kind in KINDS if kind.search(noun)), None)


def _with_same_end(question: str, noun: str) -> str | None:
    """Replace the word that ends as `noun` does: 退货 by 换货, 京都店 by 大阪店, 普通会员 by 金卡会员."""
    if len(noun) < 2:
        return None
    alike = [run for run in _runs(question) if run != noun and run[-1] == noun[-1] and len(run) > 1]
    longest = [run for run in alike if run[-2:] == noun[-2:]] or alike
    return _replace(question, longest[0], noun) if longest else None


def _runs(question: str) -> Iterator[str]:
    """Yield the words of the question and, where they stand side by side, what they make together."""
    words = _words(question)
    for first, (start, _) in enumerate(words):
        for last in range(min(first + 2, len(words)) - 1, first - 1, -1):
            run = question[start : words[last][1]]
            if len(run) <= 8 and not ASKING.search(run) and (first == last or not VERBS.search(run)):
                yield run


def _words(question: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    for word in content_terms(question):
        start = question.find(word, at)
        if start >= 0:
            at = start + len(word)
            found.append((start, at))
    return found


def _things(question: str) -> Iterator[str]:
    """Yield what the question is about, words that stand side by side as one; persons, times and verbs are no things."""
    end, thing = -1, ""
    for start, stop in _words(question):
        word = question[start:stop]
        plain = not (
            ASKING.search(word)
            or VERBS.fullmatch(word)
            or is_side(word)
            or _kind(word)
            or _QUANTITY.search(word)
        )
        if plain and start == end and thing:
            thing += word
        else:
            if thing:
                yield thing
            thing = word if plain else ""
        end = stop
    if thing:
        yield thing


def _replace(question: str, old: str, new: str) -> str:
    return question.replace(old, new, 1)


def _put_before(question: str, thing: str, modifier: str) -> str:
    return question.replace(thing, modifier + thing, 1)


def _substituted_en(question: str, noun: str) -> str | None:
    bare = _ARTICLE_EN.sub("", _PLACED_EN.sub("", noun))
    described = _ONE_EN.match(bare)
    if described:
        bare = described["kind"]
    quantity = _QUANTITY_EN.fullmatch(noun.strip())
    if quantity:
        same = next((each for each in _QUANTITY_EN.finditer(question) if each[1] == quantity[1]), None)
        return _replace(question, same.group(), noun) if same else None
    for kind in KINDS_EN:
        named = kind.search(question) if kind.search(bare) else None
        if named:
            return re.sub(rf"\b{re.escape(named.group())}\b", bare, question, count=1)
    if _PLACED_EN.match(noun) or any(word in SIDE_WORDS_EN | VERBS_EN for word in _WORD_EN.findall(bare)):
        return None
    things = [
        word
        for word in _WORD_EN.findall(question)
        if word not in STOP_WORDS_EN and word not in SIDE_WORDS_EN and word not in VERBS_EN
    ]
    if not things:
        return None
    if described or COLOURS_EN.search(bare):
        return re.sub(rf"\b{re.escape(things[0])}\b", f"{bare} {things[0]}", question, count=1)
    same_head = next((word for word in things if word == bare.split()[-1]), None)
    if same_head and len(bare.split()) > 1:
        return re.sub(rf"(?:\b\w+ )?\b{re.escape(same_head)}\b", bare, question, count=1)
    return re.sub(rf"\b{re.escape(things[0])}\b", bare, question, count=1)
