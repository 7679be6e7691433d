"""A deterministic encoder that needs no model: signed feature hashing of what a text is written with.

Every word, word pair and letter group of a Latin text, every character, pair and triple of a Chinese one adds to
one of `dimensions` numbers, with a sign (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
ICML 2009). Texts that share wording come close; texts that say the same in other words do not. The result is the
same in every process and on every platform.
"""

import math
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

from kimono.lib.threads import in_thread
from kimono.providers.calls import Tally
from kimono.providers.shapes import TextKind

DIMENSIONS = 384
# More than this is encoded in a worker thread: it would hold up every socket of the event loop.
MOST_CHARACTERS_INLINE = 2_000

UNIGRAM, BIGRAM, TRIGRAM = 0.5, 1.0, 0.7
WORD, WORD_PAIR, LETTERS = 1.0, 0.6, 0.3
COMMON_WORD = 0.15
COMMON_CHARACTER = 0.25

COMMON_CHARACTERS = frozenset(
    "的了吗呢吧啊呀么嘛是在有和与或就都也还很我你您他她它们这那哪个什怎样请问要想能可以会不"
)
_COMMON_WORDS = (
    "a an the of to in on at by for from with and or but is are was were be been am do does did can could will would"
    " should may might shall have has had i me my we our you your he she it its they their this that these those what"
    " which who whom how when where why there here as if not no so than then too very just please"
)
COMMON_WORDS = frozenset(_COMMON_WORDS.split())

# A run of CJK (Han, kana, hangul), or of letters and digits of other scripts.
_RUN = re.compile(
    r"(?P<cjk>[\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003134f]+)|(?P<word>[^\W_]+)"
)
_CJK_START = re.compile(
    r"[\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003134f]"
)
_MASK = (1 << 64) - 1


class LocalEncoder:
    """An `Embedder` that runs in this process."""

    def __init__(self, dimensions: int = DIMENSIONS) -> None:
        self._dimensions = dimensions

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return "local"

    @property
    def model(self) -> str:
        """The model's name in usage records."""
        return self.encoder_id

    @property
    def encoder_id(self) -> str:
        """The name of the vector space, with its dimensions; a change of features needs a new version."""
        return f"local-hash-v1-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        return self._dimensions

    @property
    def batch(self) -> int | None:
        """No limit on the texts per call."""
        return None

    @property
    def in_process(self) -> bool:
        """True: it costs nothing but time."""
        return True

    async def embed(self, texts: Sequence[str], *, kind: TextKind, tally: Tally) -> list[list[float]]:
        """Return one unit vector per text. Queries and passages are encoded alike."""
        if sum(map(len, texts)) <= MOST_CHARACTERS_INLINE:
            return self.encode(texts)
        return await in_thread(self.encode, texts)

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector per text, synchronously."""
        return [self._encode_one(text) for text in texts]

    def _encode_one(self, text: str) -> list[float]:
        features: dict[str, tuple[float, int]] = {}
        for feature, weight in _features(fold(text)):
            _, count = features.get(feature, (0.0, 0))
            features[feature] = (weight, count + 1)
        if not features:
            # Cosine distance to a zero vector is undefined; a text of no words gets a direction of its own.
            features["\0nothing"] = (1.0, 1)
        vector = [0.0] * self._dimensions
        for feature, (weight, count) in features.items():
            hashed = (zlib.crc32(feature.encode("utf-8", "surrogatepass")) * 0x9E3779B97F4A7C15) & _MASK
            value = weight * (1.0 + math.log(count))
            vector[(hashed >> 33) % self._dimensions] += value if (hashed >> 32) & 1 else -value
        return _unit(vector)


def fold(text: str) -> str:
    """Fold what does not change the meaning: width, case, traditional characters."""
    return unicodedata.normalize("NFKC", text).lower().translate(_simplified())


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Yield features with their weights; the prefix keeps kinds of features apart."""
    previous: str | None = None
    for match in _RUN.finditer(text):
        run = match.group()
        if match.lastgroup == "cjk":
            previous = None
            yield from _cjk_features(run)
            continue
        for word in _words(run):
            if _CJK_START.match(word):
                yield from _cjk_features(word)
                previous = None
                continue
            yield from _word_features(word, previous)
            previous = word


def _words(run: str) -> list[str]:
    # \w runs on from Latin into CJK ("USB接口"): the word part of the pattern ends where CJK begins.
    return re.findall(rf"{_CJK_START.pattern}+|(?:(?!{_CJK_START.pattern}).)+", run)


def _cjk_features(run: str) -> Iterator[tuple[str, float]]:
    weights = [COMMON_CHARACTER if char in COMMON_CHARACTERS else 1.0 for char in run]
    for start, char in enumerate(run):
        yield "c" + char, UNIGRAM * weights[start]
        if start + 1 < len(run):
            yield "c" + run[start : start + 2], BIGRAM * _mean(weights[start : start + 2])
        if start + 2 < len(run):
            yield "c" + run[start : start + 3], TRIGRAM * _mean(weights[start : start + 3])


def _word_features(word: str, previous: str | None) -> Iterator[tuple[str, float]]:
    common = word in COMMON_WORDS
    yield "w" + word, COMMON_WORD if common else WORD
    if previous is not None:
        both_common = common and previous in COMMON_WORDS
        yield f"p{previous} {word}", COMMON_WORD if both_common else WORD_PAIR
    if common or len(word) < 3:
        return
    fenced = f"<{word}>"
    for size in (3, 4):
        for start in range(len(fenced) - size + 1):
            yield "l" + fenced[start : start + size], LETTERS


def _mean(weights: Sequence[float]) -> float:
    return sum(weights) / len(weights)


def _unit(vector: list[float]) -> list[float]:
    norm = math.sqrt(math.fsum(value * value for value in vector if value))
    if norm == 0.0:
        # Features may cancel each other exactly; the vector must have a direction all the same.
        return [1.0, *([0.0] * (len(vector) - 1))]
    # Six digits: the last bits of log and sqrt differ between platforms.
    return [round(value / norm, 6) if value else 0.0 for value in vector]


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Return the table from each traditional character to its usual simplified one, from OpenCC's data."""
    table: dict[int, str] = {}
    source = resources.files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    for line in source.splitlines():
        traditional, tab, simplified = line.partition("\t")
        if tab and len(traditional) == 1:
            table[ord(traditional)] = simplified.split(" ")[0]
    return table
