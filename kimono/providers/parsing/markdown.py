"""Markdown: its own structure, with the markup of words taken off."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.html import add_fragment
from kimono.providers.parsing.pictures import described
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import to_markdown

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
# Authors of Chinese text leave out the space that CommonMark wants after the number signs.
_TIGHT_HEADING = re.compile(r"^(#{1,6})(?=[\u3400-\u9fff（【《])(?=.{1,60}$)", re.MULTILINE)
_FORMULA = re.compile(r"\A\s*(?:\$\$(.+?)\$\$|\\\[(.+?)\\\])\s*\Z", re.DOTALL)
_FENCED_FORMULA = re.compile(r"^[ \t]*\$\$[ \t]*\n(.*?)\n[ \t]*\$\$[ \t]*$", re.DOTALL | re.MULTILINE)
_MATH_FENCE = "kimono-math"


def parse(request: Request, draft: Draft) -> None:
    """Add headings, paragraphs, lists, tables, code, formulas and image descriptions in reading order."""
    text = decode(request.path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFile("the file is empty")
    add_markdown(text, draft)
    request.progress(1, 1)


def add_markdown(text: str, draft: Draft) -> None:
    """Add the blocks of a Markdown text; its front matter gives the title and is not content."""
    if front := _FRONT_MATTER.match(text):
        title = _FRONT_TITLE.search(front.group(1))
        draft.title = title.group(1) if title else draft.title
        text = text[front.end() :]
    text = _TIGHT_HEADING.sub(r"\1 ", text)
    text = _FENCED_FORMULA.sub(lambda found: f"```{_MATH_FENCE}\n{found.group(1)}\n```", text)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    position = 0
    while position < len(tokens):
        end = _end_of(tokens, position)
        _block(tokens[position : end + 1], draft)
        position = end + 1


def _end_of(tokens: Sequence[Token], start: int) -> int:
    """Return the index of the token that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth <= 0:
            return index
    return len(tokens) - 1


def _block(tokens: Sequence[Token], draft: Draft) -> None:
    first = tokens[0]
    match first.type:
        case "heading_open":
            _images(tokens, draft)
            draft.heading(_inline(tokens[1]), int(first.tag[1]))
        case "paragraph_open":
            _paragraph(tokens[1], draft)
        case "bullet_list_open" | "ordered_list_open":
            _list(tokens, draft)
        case "table_open":
            draft.add("table", to_markdown(list(_rows(tokens))))
        case "fence" | "code_block":
            draft.add("formula" if first.info.strip() == _MATH_FENCE else "code", first.content)
        case "html_block":
            add_fragment(first.content, draft)
        case "blockquote_open":
            inner, position = tokens[1:-1], 0
            while position < len(inner):
                end = _end_of(inner, position)
                _block(inner[position : end + 1], draft)
                position = end + 1


def _paragraph(token: Token, draft: Draft) -> None:
    formula = _FORMULA.match(token.content)
    if formula:
        draft.add("formula", formula.group(1) or formula.group(2))
        return
    draft.add("text", _inline(token))
    _images([token], draft)


def _images(tokens: Sequence[Token], draft: Draft) -> None:
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                draft.add("image", described(child.content) or described(str(child.attrs.get("title", ""))))


def _list(tokens: Sequence[Token], draft: Draft) -> None:
    """Add a list as one block of lines; code and tables inside it follow as blocks of their own."""
    lines: list[str] = []
    numbers: list[int | None] = []
    marker = ""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbers.append(int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
        elif token.type == "list_item_open":
            number = numbers[-1]
            marker = "- " if number is None else f"{number}. "
            numbers[-1] = None if number is None else number + 1
        elif token.type == "inline":
            indent = "  " * (len(numbers) - 1)
            if text := _inline(token):
                lines.append(indent + (marker or "  ") + text.replace("\n", "\n" + indent + "  "))
                marker = ""
        elif token.type in ("fence", "code_block", "table_open", "html_block"):
            draft.add("list", "\n".join(lines))
            lines.clear()
            end = _end_of(tokens, position)
            _block(tokens[position : end + 1], draft)
            position = end
        position += 1
    draft.add("list", "\n".join(lines))
    _images(tokens, draft)


def _rows(tokens: Sequence[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(_inline(token).replace("\n", " "))
        elif token.type == "tr_close":
            yield row


def _inline(token: Token) -> str:
    """Return the text of a run of words: emphasis marks go, code and link texts stay, a link keeps its address.

    Images are left out; they become blocks of their own.
    """
    parts: list[str] = []
    links: list[tuple[int, str]] = []
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "html_inline" if child.content.lower().startswith("<br"):
                parts.append("\n")
            case "link_open":
                links.append((len(parts), str(child.attrs.get("href", ""))))
            case "link_close" if links:
                start, address = links.pop()
                label = "".join(parts[start:])
                if (
                    address.startswith(("http://", "https://", "mailto:"))
                    and address.removeprefix("mailto:") != label
                ):
                    parts.append(f" ({address.removeprefix('mailto:')})" if label.strip() else address)
    return "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n")).strip()
