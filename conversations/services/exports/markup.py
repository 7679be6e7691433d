"""Answers as trees: the Markdown that the chat page shows, with formulas, and without anything that could be fetched."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from kimono.lib.cleaning import clean

_BOLD = re.compile(r"\*\*(?=\S)([^\n]*?\S)\*\*(?!\*)")
_PAIRS = (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"))
# A dollar sign is a currency unless what stands between two of them looks like mathematics and like nothing else.
_DOLLARS = re.compile(r"\$(?![\s$])([^$\n]{1,400}?)(?<![\s\\])\$(?!\d)")
_LOOKS_LIKE_FORMULA = re.compile(r"[\\^_=]|\A[A-Za-z]\Z")
_TABLE = re.compile(r"(?:^[ \t]*\|.+\|[ \t]*$\n?){2,}", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}", re.MULTILINE)
LONGEST_FORMULA = 1000
DISPLAY = "display"


def parse(text: str) -> SyntaxTreeNode:
    """Return the tree of an answer. Formulas are nodes `math` (LaTeX; `info` is `display` when it has a line of its own).

    HTML stays text, `[1]` stays a mark, and an image is a node whose children say what it shows.
    """
    return SyntaxTreeNode(_reader().parse(clean(text)))


def children(node: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """Return what is inside a node; a run of words is inside the one node that holds it."""
    return node.children or []


def words(node: SyntaxTreeNode) -> str:
    """Return the text of a node without any markup."""
    if node.type in ("text", "code_inline", "math"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(words(child) for child in children(node))


def tables_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a passage without its Markdown tables, and the tables."""
    tables = tuple(found.strip() for found in _TABLE.findall(text) if _RULE.search(found))
    rest = text
    for table in tables:
        rest = rest.replace(table, "")
    return rest.strip(), tables


def formulas_in(text: str) -> list[tuple[str, str]]:
    """Return plain text in pieces: (`text`, words), (`inline`, LaTeX) and (`display`, LaTeX), in order."""
    pieces: list[tuple[str, str]] = []
    start = position = 0
    while position < len(text):
        found = _formula_at(text, position)
        if found is None:
            position += 1
            continue
        latex, end, display = found
        if position > start:
            pieces.append(("text", text[start:position]))
        pieces.append((DISPLAY if display else "inline", latex))
        start = position = end
    if start < len(text):
        pieces.append(("text", text[start:]))
    return pieces


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.enable(["table", "strikethrough"])
    # The chat page knows none of these, and an answer has to read here as it read there.
    reader.disable(["reference", "html_block", "html_inline", "entity", "lheading", "code"])
    reader.inline.ruler.before("escape", "math", _math)
    reader.inline.ruler.before("emphasis", "bold", _bold)
    reader.block.ruler.before("fence", "math", _math_block, {"alt": ["paragraph", "list", "blockquote"]})
    return reader


def _formula_at(text: str, position: int) -> tuple[str, int, bool] | None:
    """Return the formula that begins at `position` as (LaTeX, end, has a line of its own)."""
    if text[position] not in "$\\":
        return None
    for opening, closing in _PAIRS:
        if text.startswith(opening, position):
            begin = position + len(opening)
            end = text.find(closing, begin, begin + LONGEST_FORMULA + 2)
            latex = text[begin:end].strip() if end > 0 else ""
            return (latex, end + len(closing), opening != r"\(") if latex else None
    found = _DOLLARS.match(text, position)
    if found is None or not _LOOKS_LIKE_FORMULA.search(found[1]):
        return None
    return found[1], found.end(), False


def _math(state: StateInline, silent: bool) -> bool:
    found = _formula_at(state.src[: state.posMax], state.pos)
    if found is None:
        return False
    latex, end, display = found
    if not silent:
        token = state.push("math", "", 0)
        token.content, token.info = latex, DISPLAY if display else ""
    state.pos = end
    return True


def _math_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Take a formula that begins a line and ends one, over as many lines as it needs."""
    begin = state.bMarks[first] + state.tShift[first]
    opening = next((pair for pair in (_PAIRS[0], _PAIRS[1]) if state.src.startswith(pair[0], begin)), None)
    if opening is None:
        return False
    for line in range(first, last):
        text = state.src[begin : state.eMarks[line]].rstrip()
        if len(text) > LONGEST_FORMULA:
            return False
        if len(text) > len(opening[0]) and text.endswith(opening[1]):
            latex = text[len(opening[0]) : -len(opening[1])].strip()
            if not latex or opening[1] in latex:
                return False
            if not silent:
                token = state.push("math", "", 0)
                token.content, token.info, token.block = latex, DISPLAY, True
                token.map = [first, line + 1]
                state.line = line + 1
            return True
    return False


def _bold(state: StateInline, silent: bool) -> bool:
    """Take `**bold**` also where it ends in punctuation before a Chinese character, which CommonMark does not."""
    found = _BOLD.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        end, most = found.end(), state.posMax
        state.push("strong_open", "strong", 1).markup = "**"
        state.pos, state.posMax = found.start(1), found.end(1)
        state.md.inline.tokenize(state)
        state.push("strong_close", "strong", -1).markup = "**"
        state.posMax = most
        state.pos = end
    else:
        state.pos = found.end()
    return True
