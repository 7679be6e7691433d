"""Two ways to treat what people write: `clean` for storing it, `fold` for matching it."""

import re
import threading
import unicodedata
from typing import TYPE_CHECKING

from kimono.lib.cleaning import UNSEEN, Language, clean, detect_language
from knowledge.services.remembering import remembered

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["Language", "clean", "detect_language", "fold"]

_SPACES = re.compile(r"\s+")
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]{1,200}")
_opencc_lock = threading.Lock()
_opencc: "OpenCC | None" = None


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
    text = _HAN_RUN.sub(lambda run: _converter().convert(run.group()), text)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text.casefold())).strip()


def _converter() -> "OpenCC":
    """Return the one traditional-to-simplified converter of the process, loading its dictionaries at first use."""
    global _opencc
    if _opencc is None:
        with _opencc_lock:
            if _opencc is None:
                from opencc import OpenCC

                _opencc = OpenCC("t2s")
    return _opencc
