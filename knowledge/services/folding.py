"""Two ways to treat what people write: `clean` for storing it, `fold` for matching it."""

import re
import threading
import unicodedata
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from kimono.lib.cleaning import UNSEEN, Language, clean, detect_language
from knowledge.services.remembering import remembered

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["Language", "clean", "detect_language", "fold"]

_SPACES = re.compile(r"\s+")
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]{1,200}")
_opencc_lock = threading.Lock()
_opencc: "_Converter | None" = None


class _Converter(NamedTuple):
    """The converter, which takes longer than all else here, and the characters without which it has nothing to do."""

    opencc: "OpenCC"
    changed: frozenset[str]


@remembered
def fold(text: str) -> str:
    """Return the form of `text` that is compared: never shown and never stored in place of the original.

    Invisible characters are removed, NFKC folds full-width and compatibility forms, traditional characters become
    simplified, case is folded, runs of white space become one space and the ends are stripped.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip().lower()
    # NFKC may create a character that the first pass removes (a compatibility form of a filler), hence twice.
    text = UNSEEN.sub("", unicodedata.normalize("NFKC", clean(text)))
    converter = _converter()
    if not converter.changed.isdisjoint(text):
        text = _HAN_RUN.sub(lambda run: converter.opencc.convert(run.group()), text)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text.casefold())).strip()


def _converter() -> _Converter:
    """Return the one traditional-to-simplified converter of the process, loading its dictionaries at first use."""
    global _opencc
    if _opencc is None:
        with _opencc_lock:
            if _opencc is None:
                from opencc import OpenCC

                _opencc = _Converter(OpenCC("t2s"), _changed())
    return _opencc


def _changed() -> frozenset[str]:
    """Return the characters that the converter changes, alone or in a word: a text without them it leaves as it is."""
    found: set[str] = set()
    for name in ("TSCharacters", "TSPhrases"):
        for line in (files("opencc") / "dictionary" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            word, _, forms = line.partition("\t")
            found |= set(word) - set(forms.split(" ")[0])
    return frozenset(found)
