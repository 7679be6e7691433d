"""Undo the line breaks of text that was wrapped at a fixed width."""

import re
from collections.abc import Sequence

_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U00020000-\U000323af]")
# Korean and Latin words are parted by spaces, so a line end between them was one.
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U000323af]")
_CLOSED = tuple("。！？；：.!?:;…”』」")


def width(line: str) -> int:
    """Return the columns a line takes on a terminal: two for a CJK character."""
    return len(line) + len(_WIDE.findall(line))


def glue(left: str, right: str) -> str:
    """Return two pieces of one sentence as one: with a space between Latin words, without one between CJK characters."""
    if not left or not right:
        return left + right
    if _UNSPACED.match(left[-1]) or _UNSPACED.match(right[0]):
        return left + right
    return f"{left} {right}"


def joined(lines: Sequence[str], *, starts: re.Pattern[str]) -> str:
    """Return the lines of a paragraph, joined where they were only wrapped; a line that matches `starts` begins anew.

    A paragraph counts as wrapped when at least two lines besides the last, and most of them, are about as long as the
    longest, that is a plausible width of a page, and half of them end within a sentence. Otherwise line ends were
    meant, but for those between two Latin words in lower case.
    """
    widths = [width(line) for line in lines]
    widest = max(widths, default=0)
    full = [line for line, columns in zip(lines[:-1], widths, strict=False) if columns >= widest * 0.8]
    open_ = sum(not line.rstrip().endswith(_CLOSED) for line in full)
    wrapped = 40 <= widest <= 130 and len(full) >= 2 and len(full) * 10 >= 6 * (len(lines) - 1)
    wrapped = wrapped and open_ * 2 >= len(full)
    out: list[str] = []
    for index, line in enumerate(lines):
        before = lines[index - 1] if index else ""
        goes_on = wrapped and widths[index - 1] >= widest * 0.7 and not line.startswith((" ", "\u3000"))
        if out and not starts.match(line) and (goes_on or _is_latin_break(before, line)):
            out[-1] = glue(out[-1], line.strip())
        else:
            out.append(line.strip())
    return "\n".join(out)


def _is_latin_break(before: str, line: str) -> bool:
    last, first = before[-1:], line.strip()[:1]
    return last.isascii() and last.islower() and first.isascii() and first.islower() and len(before) >= 40
