"""Finding a canned reply by what is typed: its shortcut, words of it, pinyin or initials, with a slip of the finger."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from agents.models import CannedReply

_ENOUGH = 70.0
# Shorter ones are like anything.
_FUZZY_FROM = 3


def search(replies: Iterable[CannedReply], *, typed: str) -> list[CannedReply]:
    """Return the replies that fit, the best first; of equals the one that is used more."""
    wanted = typed.strip().removeprefix("/").lower()
    if not wanted:
        return list(replies)
    scored = [(_score(reply, wanted), reply) for reply in replies]
    fitting = [(score, reply) for score, reply in scored if score >= _ENOUGH]
    fitting.sort(key=lambda each: (-each[0], -each[1].use_count, each[1].shortcut))
    return [reply for _, reply in fitting]


def _score(reply: CannedReply, wanted: str) -> float:
    """Return how well a reply fits, in 0–100: what begins with it before what holds it before what is like it."""
    shortcut, title = reply.shortcut.lower(), reply.title.lower()
    if shortcut == wanted:
        return 100.0
    spelt = [*reply.pinyin.split(), *reply.initials.split()]
    if shortcut.startswith(wanted) or title.startswith(wanted):
        return 95.0
    if any(word.startswith(wanted) for word in spelt):
        return 90.0
    if wanted in title or wanted in shortcut or any(wanted in word for word in spelt):
        return 85.0
    if wanted in reply.content.lower():
        return 80.0
    if len(wanted) < _FUZZY_FROM:
        return 0.0
    return max((_likeness(wanted, word) for word in (shortcut, title, *spelt)), default=0.0)


def _likeness(wanted: str, word: str) -> float:
    """Return how like the beginning of a word is to what was typed; under what holds it exactly."""
    if len(word) < _FUZZY_FROM:
        return 0.0
    return 0.84 * max(
        fuzz.ratio(wanted, word[: len(wanted) + extra]) for extra in (-1, 0, 1) if len(wanted) + extra > 0
    )
