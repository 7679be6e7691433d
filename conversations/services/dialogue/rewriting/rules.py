"""Rewriting by rules: what a follow-up leaves out is taken from the contact's own questions before it."""

import re
from collections.abc import Iterable

from conversations.services.dialogue.intents.rules import recognise
from conversations.services.dialogue.rewriting.shapes import Reason, Rewritten
from conversations.services.dialogue.rewriting.substitution import (
    is_side,
    named_thing,
    substituted,
    without_price,
)
from conversations.services.dialogue.rewriting.words import (
    FUNCTION_WORDS,
    KINDS,
    SIDE_WORDS,
    SIDE_WORDS_EN,
    STANDING_ALONE,
    STOP_WORDS_EN,
)
from conversations.services.dialogue.values import has_no_words
from conversations.services.dialogue.window import Window, contact_texts
from knowledge.services.folding import fold

_MARKS = r"[\s,，。.!！?？~、:：;；…]+"
_MARKS_AT_END = re.compile(rf"{_MARKS}$")
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
_AND_EN = re.compile(r"^and (?P<noun>(?:(?:for|in|to|with|from|on) )?(?:[\w'-]+ ?){1,4})[?.! ]*$")
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
_ASKS_SOMETHING = re.compile(r"什么|谁|怎么|如何|怎样|哪|多少|多久|几|吗|有|是|可以|能|需要|要")
_QUESTION_HEAD = re.compile(
    r"^(?:怎么样?|如何|怎样|为什么|什么时候|可以|能不能|能|是否|有没有|需要|我|要|想|哪里|在哪里?|哪些|什么是)+"
)
_WORD_EN = re.compile(r"[a-z][a-z'-]*|\d+")
_ASKS_HOW_LONG = re.compile(r"(?:大概|一般)?(?:要|需要|得)?(?:多久|多长时间|几天|几个(?:小时|月))")
# 然后呢, 你呢, 有人呢: nothing is named that could be asked about.
_NO_NOUN = re.compile(
    r"然后|还有|另外|那么?|所以|你们?|您|我们?|[他她它]们?|这个|那个|有?人|其他|别的|呃|嗯+"
)
# 怎么退, 能改吗: what is to be done, and not with what.
_ONLY_DONE = re.compile(r"[退换改寄洗试还取租买订穿付修]")
# 周末会更贵吗, 学生有优惠吗: of what, only the question before tells.
_COMPARES = re.compile(r"更|也(?!许)|一样|不同|贵|便宜|涨价|打折")
_AMOUNT_OF = re.compile(r"多少((?!钱)[\u4e00-\u9fff]{2,4})$")
_PLACED_EN = re.compile(r"^(?:on|in|at|for|to|with|from) (?:an? |the )?")
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
    question = _asked_before(window)
    if question is None:
        return Rewritten(text, False, "no_context")
    completed = _completed(text, question, kind)
    return (
        Rewritten(completed, completed != text, kind)
        if completed != text
        else Rewritten(text, False, "self_contained")
    )


def topic_of(window: Window) -> str | None:
    """Return what the contact's last full question was about, None when nothing in reach says so."""
    question = _asked_before(window)
    return _topic(question) if question is not None else None


def _asked_before(window: Window) -> str | None:
    """Return the contact's last full question, with the other thing that follow-ups have asked the same about."""
    follow_ups: list[str] = []
    others = 0
    for earlier in reversed(contact_texts(window)):
        if has_no_words(earlier) or not _is_question(earlier):
            others += 1
        elif _dependence(earlier) != "self_contained":
            follow_ups.append(earlier)
        elif _topic(earlier):
            return _gone_on(earlier, reversed(follow_ups))
        else:
            others += 1
        if others == _LOOK_BACK:
            break
    return None


def _gone_on(question: str, follow_ups: Iterable[str]) -> str:
    for text in follow_ups:
        noun = _noun(fold(text))
        if noun:
            question = substituted(_bare(question), noun) or question
    return question


def _is_question(text: str) -> bool:
    return recognise(text).intent in ("knowledge_qa", "business_query", "ticket")


def _what_about(folded: str) -> str | None:
    """Return the noun of 那运费呢, None when the sentence asks something of its own (那会员等级有哪些权益呢)."""
    match = _WHAT_ABOUT.match(folded)
    noun = match["noun"] if match else ""
    # Without 那 or the like before it, a longer one is a statement that ends in 呢.
    short = len(noun) <= 6 or not folded.startswith(noun)
    if not noun or not short or _ASKS_SOMETHING.search(noun) or _NO_NOUN.fullmatch(noun):
        return None
    return None if STANDING_ALONE.fullmatch(noun) else noun


def _noun(folded: str) -> str | None:
    """Return what a follow-up asks the same about, None when it asks something else."""
    if not _is_english(folded):
        return _what_about(folded)
    about = _WHAT_ABOUT_EN.match(folded) or _AND_EN.match(folded)
    return about["noun"].strip() if about else None


def _bare(question: str) -> str:
    """Return a question as it is compared, without greeting and marks."""
    folded = fold(question)
    return (
        folded.rstrip(" ?.!")
        if _is_english(folded)
        else _MARKS_AT_END.sub("", _POLITE.sub("", folded)).strip()
    )


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
    if _NO_NOUN.fullmatch(core):
        return "self_contained"
    own = _own_words(core)
    if _PRONOUN.search(core) and len(own) <= 6 and len(SIDE_WORDS.sub("", own)) <= 4:
        return "pronoun"
    things = SIDE_WORDS.sub("", own)
    compared = _COMPARES.search(core) and any(kind.fullmatch(things) for kind in KINDS)
    return (
        "no_topic" if core and (not things or compared or _ONLY_DONE.fullmatch(things)) else "self_contained"
    )


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


def _completed(text: str, question: str, kind: Reason) -> str:
    folded, topic = fold(text), _topic(question)
    noun = _noun(folded)
    replaced = substituted(_bare(question), noun) if noun else None
    if replaced:
        return replaced
    if _is_english(folded):
        if noun:
            return f"{topic} {_PLACED_EN.sub('', noun)}"
        replaced = _PRONOUN_EN.sub(topic, folded, count=1) if kind == "pronoun" else folded
        return replaced if replaced != folded else f"{folded.rstrip(' ?.!')} ({topic})?"
    if noun:
        return _joined(named_thing(topic) if is_side(noun) else topic, noun)
    core = _core(text)
    if kind == "pronoun":
        replaced = _PRONOUN.sub(topic, core, count=1)
        if replaced != core:
            return replaced
    return _joined(without_price(topic) if _ASKS_HOW_LONG.match(core) else topic, core)


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
    amount = _AMOUNT_OF.search(core)
    topic = _PROCEDURE.sub("", _TOPIC_TAIL.sub("", headless)) + (amount[1] if amount else "")
    if not _own_words(topic):
        topic = headless
    return topic[:30].strip("的").rstrip("是有") if _own_words(topic) else ""


def _is_english(folded: str) -> bool:
    return folded.isascii()
