"""Undo the line breaks of text that was wrapped at a fixed width."""

import re
from collections.abc import Sequence
from itertools import pairwise

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

    A paragraph counts as wrapped when all lines but the last of a run are nearly as long as the longest, and that is a
    plausible page width. Otherwise every line end was meant.
    """
    if len(lines) < 2:
        return "\n".join(line.strip() for line in lines)
    widest = max(width(line) for line in lines)
    out = [lines[0].strip()]
    for before, line in pairwise(lines):
        full = widest >= 40 and width(before) >= widest * 0.75
        latin_goes_on = before[-1:].islower() and line.strip()[:1].islower() and before[-1:].isascii()
        goes_on = full and (latin_goes_on or widest <= 130) and not before.rstrip().endswith(_CLOSED)
        if starts.match(line) or not goes_on:
            full_stop_inside = (
                full and before.rstrip().endswith(_CLOSED) and widest <= 130 and not starts.match(line)
            )
            if full_stop_inside and width(before) >= widest * 0.85 and not line.startswith((" ", "\u3000")):
                out[-1] = glue(out[-1], line.strip())
            else:
                out.append(line.strip())
        else:
            out[-1] = glue(out[-1], line.strip())
    return "\n".join(out)
