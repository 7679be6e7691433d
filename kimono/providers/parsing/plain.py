"""Plain text: paragraphs, lists and the headings that people mark without any markup."""

import re

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.wrapping import joined

_PARAGRAPH = re.compile(r"\n[ \t\u3000]*\n+")
_UNDERLINE = re.compile(r"\s*([=\-~_*#])\1{2,}\s*\Z")
_CHAPTER = re.compile(r"\s*第[一二三四五六七八九十百零〇\d]+([章篇编部节条])(?:\s|[:：、]|\Z|(?=\S{1,30}\Z))")
_CHINESE_NUMBER = re.compile(
    r"\s*(?:([一二三四五六七八九十]{1,3})[、.．]|[（(]([一二三四五六七八九十]{1,3})[)）])\s*\S"
)
_DECIMAL_NUMBER = re.compile(
    r"\s*(\d{1,2}(?:\.\d{1,2}){1,4})[.、]?\s+\S|\s*(?:chapter|section|part)\s+(\d+|[ivx]+)\b", re.IGNORECASE
)
_ITEM = re.compile(r"\s*(?:[-*+•·●○▪]\s|\d{1,3}[.)、．]\s*\S|[（(]\d{1,2}[)）]|[a-zA-Z][.)]\s)")
_ENDS = "。！？；，、.!?;,：:"
_LEVELS = {"篇": 1, "编": 1, "部": 1, "章": 1, "节": 2, "条": 0}


def parse(request: Request, draft: Draft) -> None:
    """Add the paragraphs of the file; numbered and underlined lines that stand alone become headings."""
    text = decode(request.path.read_bytes())
    if not text.strip():
        raise UnreadableFile("the file is empty")
    add_text(text, draft)
    request.progress(1, 1)


def add_text(text: str, draft: Draft) -> None:
    """Add the paragraphs of a text, whatever its line ends are."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for paragraph in _PARAGRAPH.split(text.expandtabs(4)):
        _paragraph([line.rstrip() for line in paragraph.split("\n") if line.strip()], draft)


def heading_level(line: str) -> int:
    """Return the level (1–6) that a line claims by its numbering, 0 when it is no heading.

    第一章, 一、, （一） and 2.1 are headings when the line is short and does not end like a sentence.
    """
    stripped = line.strip()
    if not stripped or len(stripped) > 40 or stripped[-1] in _ENDS:
        return 0
    if chapter := _CHAPTER.match(stripped):
        return _LEVELS[chapter.group(1)]
    if number := _CHINESE_NUMBER.match(stripped):
        return 2 if number.group(1) else 3
    if decimal := _DECIMAL_NUMBER.match(stripped):
        return min(6, decimal.group(1).count(".") + 1) if decimal.group(1) else 1
    return 0


def _paragraph(lines: list[str], draft: Draft) -> None:
    while lines:
        level = heading_level(lines[0])
        underlined = len(lines) > 1 and _UNDERLINE.match(lines[1]) and not _UNDERLINE.match(lines[0])
        if underlined and len(lines[0].strip()) <= 80:
            draft.heading(lines[0], 2 if lines[1].strip()[0] in "-~_" else 1)
            lines = lines[2:]
        elif level:
            draft.heading(lines[0], level)
            lines = lines[1:]
        elif _UNDERLINE.match(lines[0]):
            lines = lines[1:]
        else:
            taken = next((i for i, line in enumerate(lines) if i and heading_level(line)), len(lines))
            _add(lines[:taken], draft)
            lines = lines[taken:]


def _add(lines: list[str], draft: Draft) -> None:
    kind = "list" if sum(bool(_ITEM.match(line)) for line in lines) * 2 > len(lines) else "text"
    draft.add("list" if kind == "list" else "text", joined(lines, starts=_ITEM))
