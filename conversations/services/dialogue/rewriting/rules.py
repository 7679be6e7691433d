"""Rewriting by rules: what a follow-up leaves out is taken from the contact's own questions before it."""

import re

from conversations.services.dialogue.intents.rules import recognise
from conversations.services.dialogue.rewriting.shapes import Reason, Rewritten
from conversations.services.dialogue.rewriting.words import (
    FUNCTION_WORDS,
    SIDE_WORDS,
    SIDE_WORDS_EN,
    STOP_WORDS_EN,
)
from conversations.services.dialogue.window import Window, contact_texts
from knowledge.services.folding import fold

_MARKS = r"[\s,，。.!！?？~、:：;；…]+"
_TRAILING = re.compile(rf"(?:{_MARKS}|呢|吗|啊|呀|吧|嘛|(?<![什怎这那多])么)+$")
_POLITE = re.compile(
    rf"^(?:{_MARKS}|你好|您好|请问|麻烦|我想(?:问|咨询|了解|知道)?(?:一下|下)?|想(?:问|咨询|了解)(?:一下|下)?|请教|咨询一?下|帮我|那么?|所以|然后|还有|另外"
    r"|hi|hello|hey|please|well|so|ok|okay|and|also|excuse me|i(?:'d| would) like to know|can you tell me|could you tell me"
    r"|do you know)+(?![a-z])"
)
# 那运费呢, 那会员的呢, what about shipping: only a noun, the rest is what was asked before.
_WHAT_ABOUT = re.compile(
    rf"^(?:那么?|然后|还有|另外|如果是?|要是|换成)?(?:{_MARKS})?(?P<noun>[^?？,，。呢]{{1,12}}?)(?:的话)?呢{_MARKS[:-1]}*$"
)
_WHAT_ABOUT_EN = re.compile(r"^(?:and |so |ok |then )*(?:what|how) about (?P<noun>.{1,60}?)[?.! ]*$")
_AND_EN = re.compile(r"^and (?:(?:for|in|to|with|from|on) )?(?P<noun>(?:[\w'-]+ ?){1,4})[?.! ]*$")
_PRONOUN = re.compile(
    r"它们?|(?:这|那)(?:个|件|款|种|些|样|项|份|单|家)?(?=[的是要有能会可多怎需支收在呢?？]|$)|其(?=[他中]{0}[费价])|上述|前面(?:说|提)的"
)
_PRONOUN_EN = re.compile(
    r"\b(?:it|its|they|them|their|that(?: one)?|this(?: one)?|those|these)\b(?! (?:is|was) (?:the|a|my))"
)
_TOPIC_TAIL = re.compile(
    r"(?:的)?(?:是什么|是多少|是怎样的|是什么样的|有哪些|有什么|怎么.*|如何.*|怎样.*|多少.*|多久.*|几.*|什么时候.*|为什么.*"
    r"|可以.*|能.*|是否.*|需要.*|要.*|在哪.*|支持.*|包括.*|哪.*|吗|么|呢)$"
)
# 退货流程 is about 退货; the other sides (期限, 费用) stay, as a follow-up may ask for the same side of another thing.
_PROCEDURE = re.compile(r"(?<=..)(?:的)?(?:流程|步骤|手续|政策|规则|规定)$")
_ASKS_SOMETHING = re.compile(r"什么|怎么|如何|怎样|哪|多少|多久|几|吗|有|是|可以|能|需要|要")
_QUESTION_HEAD = re.compile(
    r"^(?:怎么样?|如何|怎样|为什么|什么时候|可以|能不能|能|是否|有没有|需要|我|要|想|哪里|在哪里?|哪些|什么是)+"
)
_WORD_EN = re.compile(r"[a-z][a-z'-]*|\d+")
_LONGEST_FOLLOW_UP = 24
_LONGEST_FOLLOW_UP_EN = 70
_LOOK_BACK = 3


def rewrite(text: str, window: Window) -> Rewritten:
    """Return `text` as a question that stands by itself; one that does already stays as it is.

    A follow-up (那运费呢, 它多少钱, 需要提供什么凭证) takes the topic of the contact's last full question in `window`,
    which holds the messages before `text`, oldest first. Without such a question nothing is changed.
    """
    kind = _dependence(text)
    if kind == "self_contained" or not _is_question(text):
        return Rewritten(text, False, "self_contained")
    topic = topic_of(window)
    if not topic:
        return Rewritten(text, False, "no_context")
    completed = _completed(text, topic, kind)
    return (
        Rewritten(completed, completed != text, kind)
        if completed != text
        else Rewritten(text, False, "self_contained")
    )


def candidates(text: str, window: Window) -> list[str]:
    """Return what is worth searching for, the likelier first: the completed question and the bare one.

    A question that names only a side of something (退款期限多久) may stand by itself or hang on the one before;
    retrieval takes the one that finds the better passage.
    """
    rewritten = rewrite(text, window)
    if rewritten.changed:
        return [rewritten.text, text]
    topic = topic_of(window) if _is_question(text) else None
    if topic and _may_depend(text) and fold(topic) not in fold(text):
        return [text, _joined(topic, _core(text))]
    return [text]


def topic_of(window: Window) -> str | None:
    """Return what the contact's last full questions were about, None when nothing in reach says so."""
    for earlier in reversed(contact_texts(window)[-_LOOK_BACK:]):
        if _dependence(earlier) != "self_contained":
            continue
        if not _is_question(earlier):
            continue
        topic = _topic(earlier)
        if topic:
            return topic
    return None


def _is_question(text: str) -> bool:
    return recognise(text).intent in ("knowledge_qa", "business_query", "ticket")


def _what_about(folded: str) -> str | None:
    """Return the noun of 那运费呢, None when the sentence asks something of its own (那会员等级有哪些权益呢)."""
    match = _WHAT_ABOUT.match(folded)
    noun = match["noun"] if match else ""
    # Without 那 or the like before it, a longer one is a statement that ends in 呢.
    short = len(noun) <= 6 or not folded.startswith(noun)
    return noun if noun and short and not _ASKS_SOMETHING.search(noun) else None


def _substituted(topic: str, noun: str) -> str | None:
    """Return the topic with its first thing replaced by another of its kind: 普通会员的退货期限, 金卡会员 for 普通会员."""
    start = topic.find(noun[-2:]) if len(noun) > 2 else -1
    return noun + topic[start + 2 :] if 0 <= start <= 4 else None


def _dependence(text: str) -> Reason:
    """Return why `text` cannot stand by itself, or `self_contained`."""
    folded = fold(text)
    if _is_english(folded):
        return _english_dependence(folded)
    if len(folded) > _LONGEST_FOLLOW_UP:
        return "self_contained"
    if _what_about(folded):
        return "what_about"
    core = _core(folded)
    own = _own_words(core)
    if _PRONOUN.search(core) and len(own) <= 6 and len(SIDE_WORDS.sub("", own)) <= 4:
        return "pronoun"
    return "no_topic" if core and len(SIDE_WORDS.sub("", own)) <= 0 else "self_contained"


def _english_dependence(folded: str) -> Reason:
    if len(folded) > _LONGEST_FOLLOW_UP_EN:
        return "self_contained"
    if _WHAT_ABOUT_EN.match(folded) or _AND_EN.match(folded):
        return "what_about"
    own = [word for word in _WORD_EN.findall(folded) if word not in STOP_WORDS_EN]
    things = [word for word in own if word not in SIDE_WORDS_EN]
    if _PRONOUN_EN.search(folded) and len(things) <= 1:
        return "pronoun"
    return "no_topic" if not things and _WORD_EN.search(folded) else "self_contained"


def _may_depend(text: str) -> bool:
    """Tell whether a short question has so little of its own that the topic before might belong to it."""
    folded = fold(text)
    if _is_english(folded):
        return (
            len([word for word in _WORD_EN.findall(folded) if word not in STOP_WORDS_EN | SIDE_WORDS_EN]) <= 1
        )
    return len(folded) <= _LONGEST_FOLLOW_UP and len(SIDE_WORDS.sub("", _own_words(_core(folded)))) <= 2


def _completed(text: str, topic: str, kind: Reason) -> str:
    folded = fold(text)
    if _is_english(folded):
        about = _WHAT_ABOUT_EN.match(folded) or _AND_EN.match(folded)
        if about:
            return f"{topic} {about['noun'].strip()}"
        replaced = _PRONOUN_EN.sub(topic, folded, count=1) if kind == "pronoun" else folded
        return replaced if replaced != folded else f"{folded.rstrip(' ?.!')} ({topic})?"
    noun = _what_about(folded)
    if noun:
        return _substituted(topic, noun) or _joined(topic, noun)
    core = _core(text)
    if kind == "pronoun":
        replaced = _PRONOUN.sub(topic, core, count=1)
        if replaced != core:
            return replaced
    return _joined(topic, core)


def _joined(topic: str, rest: str) -> str:
    """Return the topic before the rest, with a space where Latin words would run together."""
    if fold(rest).startswith(fold(topic)):
        return rest
    return f"{topic} {rest}" if topic[-1:].isascii() and rest[:1].isascii() else f"{topic}{rest}"


def _core(text: str) -> str:
    """Return `text` without greetings at its head and marks at its end."""
    return _TRAILING.sub("", _POLITE.sub("", text)).strip()


def _own_words(core: str) -> str:
    return re.sub(_MARKS, "", FUNCTION_WORDS.sub("", core))


def _topic(question: str) -> str:
    """Return what a full question is about: 退货流程是什么 → 退货流程, 如何修改收货地址 → 修改收货地址."""
    folded = fold(question)
    if _is_english(folded):
        words = [word for word in _WORD_EN.findall(folded) if word not in STOP_WORDS_EN]
        return " ".join(words[:6])
    clauses = [part for part in re.split(_MARKS, _core(folded)) if part]
    core = max((_core(clause) for clause in clauses), key=lambda each: len(_own_words(each)), default="")
    headless = _QUESTION_HEAD.sub("", core)
    topic = _PROCEDURE.sub("", _TOPIC_TAIL.sub("", headless))
    if not _own_words(topic):
        topic = headless
    return topic[:30].strip("的").rstrip("是有") if _own_words(topic) else ""


def _is_english(folded: str) -> bool:
    return folded.isascii()
