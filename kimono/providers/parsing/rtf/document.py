"""The body of a rich text file in reading order."""

import codecs
from dataclasses import dataclass, field, replace
from io import BytesIO

from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.plain import heading_level
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.rtf.colours import GROUNDS, PARAGRAPH_GROUNDS, Colours
from kimono.providers.parsing.rtf.tables import Row, Table
from kimono.providers.parsing.rtf.tokens import Token, tokens
from kimono.providers.parsing.rtf.words import CODEPAGES, HEADING, KEPT, SIGNS, SKIPPED
from kimono.providers.parsing.shapes import Draft

_DEEPEST = 1000


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits from the one around it. `into` names what text is collected for."""

    into: str = "body"
    font: int = -1
    hidden: bool = False
    bold: bool = False
    replaced: int = 1
    colour: int = 0
    grounded: bool = False
    boxed: bool = False


@dataclass(slots=True)
class _Paragraph:
    """What is known of the paragraph being read."""

    style: int = 0
    outline: int | None = None
    in_table: bool = False
    grounded: bool = False
    text: list[str] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    light: bool = False


def parse(request: Request, draft: Draft) -> None:
    """Add headings, paragraphs, lists, tables and pictures; hidden and deleted text, headers and footers stay out."""
    data = request.path.read_bytes()
    reader = _Reader(request, draft)
    reader.coloured = b"\\background" in data
    for token in tokens(data):
        reader.take(token)
    reader.finish()
    request.progress(1, 1)


class _Reader:
    """Follows the groups of a file and gathers its paragraphs."""

    def __init__(self, request: Request, draft: Draft) -> None:
        self.request, self.draft = request, draft
        self.state = _State()
        self.stack: list[_State] = []
        self.codepage = "cp1252"
        self.fonts: dict[int, str] = {}
        self.levels: dict[int, int] = {}
        self.colours, self.coloured = Colours(), False
        self.paragraph = _Paragraph()
        self.row, self.table = Row(), Table()
        self.items: list[str] = []
        self.notes: list[str] = []
        self.raw = bytearray()
        self.to_skip = 0
        self.starred = False
        self.name, self.number = "", 0
        self.picture = bytearray()

    def take(self, token: Token) -> None:
        """Take the next token."""
        if token.kind == "bytes":
            self._bytes(token.data)
            return
        if token.kind == "binary":
            self._binary(token.data)
            return
        self._decode()
        self.to_skip = 0
        if token.kind == "open":
            if len(self.stack) >= _DEEPEST:
                raise UnreadableFile("the file is nested too deeply")
            self.stack.append(self.state)
        elif token.kind == "close":
            self._close()
        elif token.kind == "sign":
            self._sign(token.word)
        else:
            self._word(token.word, token.number)
            self.starred = False

    def finish(self) -> None:
        """Add what is still waiting, then the footnotes."""
        self._decode()
        self._end_paragraph()
        self._end_table()
        self._end_list()
        for note in self.notes:
            self.draft.add("text", note)

    def _bytes(self, data: bytes) -> None:
        """Keep bytes of text until the encoding they are in changes; some only stand in for a Unicode character."""
        skipped = min(self.to_skip, len(data))
        self.to_skip -= skipped
        data = data[skipped:]
        if self.state.into == "picture":
            self.picture += data
        elif self.state.into != "nothing":
            self.raw += data

    def _binary(self, data: bytes) -> None:
        if self.state.into == "picture":
            self.picture += data.hex().encode()

    def _decode(self) -> None:
        if self.raw:
            encoding = self.fonts.get(self.state.font) or self.codepage
            self._text(self.raw.decode(encoding, "replace"))
            self.raw.clear()

    def _text(self, text: str) -> None:
        """Add text to what the group collects."""
        into = self.state.into
        if into == "colours":
            self.colours.end(text)
        elif into == "body" and not self.state.hidden and not self._is_white():
            self.paragraph.text.append(text)
            if text.strip():
                self.paragraph.light |= not self.state.bold
        elif into == "label":
            self.paragraph.label.append(text)
        elif into == "note":
            self.notes[-1] += text
        elif into in ("style", "title"):
            self.name += text

    def _is_white(self) -> bool:
        """Tell whether text is white on a ground that is so, too: nothing gives it another, nor may a table or a box."""
        state, paragraph = self.state, self.paragraph
        unsure = state.grounded or state.boxed or paragraph.grounded or paragraph.in_table or self.coloured
        return self.colours.is_white(state.colour) and not unsure

    def _close(self) -> None:
        closed = self.state
        self.state = self.stack.pop() if self.stack else _State()
        if closed.into == "style":
            self._style()
        elif closed.into == "title" and self.state.into != "title":
            self.draft.title = self.name.strip()
        elif closed.into == "picture" and self.state.into != "picture":
            self._picture()
        elif closed.into == "note" and self.state.into != "note":
            self.notes[-1] = " ".join(self.notes[-1].split())

    def _style(self) -> None:
        name = self.name.strip().rstrip(";").strip()
        if found := HEADING.fullmatch(name):
            self.levels[self.number] = min(6, int(found.group(1)))
        elif name.lower() == "title":
            self.levels[self.number] = 1
        self.name = ""

    def _picture(self) -> None:
        """Add a picture whose bytes were written as hexadecimal digits."""
        digits = bytes(self.picture).translate(None, b" \t\r\n")
        self.picture.clear()
        try:
            data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        except (ValueError, UnicodeDecodeError):
            return
        if data.startswith((b"\x89PNG", b"\xff\xd8")):
            self._end_list()
            keep(self.request, self.draft, "picture", BytesIO(data))

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self.starred = True
        elif sign in "{}\\":
            self._text(sign)
        elif sign == "~":
            self._text(" ")
        elif sign == "_":
            self._text("-")
        elif sign in "\r\n":
            self._end_paragraph()

    def _word(self, word: str, number: int | None) -> None:
        if self.state.into == "nothing":
            return
        if word in SKIPPED or (self.starred and word not in KEPT):
            self._become("nothing")
        elif word in ("fonttbl", "stylesheet", "info"):
            self._become(word)
        elif word == "colortbl":
            self._become("colours")
        elif self.state.into in ("fonttbl", "font", "stylesheet", "style", "info", "colours"):
            self._define(word, number)
        elif word == "pict":
            self._become("picture")
        elif word in ("listtext", "pntext"):
            self._become("label")
        elif word == "footnote":
            self.notes.append("")
            self._become("note")
        elif word in SIGNS:
            self._text(SIGNS[word])
        elif word == "u" and number is not None:
            self._text(_character(number))
            self.to_skip = self.state.replaced
        else:
            self._format(word, number)
            self._structure(word, number)

    def _become(self, into: str) -> None:
        self.state = replace(self.state, into=into)

    def _define(self, word: str, number: int | None) -> None:
        """Take a word of the tables at the head of a file: fonts with their code pages, styles, the title."""
        into = self.state.into
        if into in ("fonttbl", "font"):
            if word == "f" and number is not None:
                self.number = number
                self._become("font")
            elif word == "fcharset" and number in CODEPAGES:
                self.fonts[self.number] = CODEPAGES[number]
        elif into in ("stylesheet", "style"):
            if word in ("s", "cs", "ds", "ts") and number is not None:
                self.number = number if word == "s" else -1
                self._become("style")
            elif word == "outlinelevel" and number is not None and number < 9 and self.number >= 0:
                self.levels[self.number] = min(6, number + 1)
        elif into == "colours":
            self.colours.define(word, number)
        elif word == "title":
            self.name = ""
            self._become("title")
        else:
            self._become("nothing" if self.stack and self.stack[-1].into == "info" else "info")

    def _format(self, word: str, number: int | None) -> None:
        """Follow what changes how the following text is read."""
        if word == "ansicpg" and number:
            self.codepage = "gb18030" if number in (936, 54936) else f"cp{number}"
            try:
                codecs.lookup(self.codepage)
            except LookupError:
                self.codepage = "cp1252"
        elif word == "f" and number is not None:
            self.state = replace(self.state, font=number)
        elif word in ("v", "deleted"):
            self.state = replace(self.state, hidden=number != 0)
        elif word == "b":
            self.state = replace(self.state, bold=number != 0)
        elif word == "cf":
            self.state = replace(self.state, colour=number or 0)
        elif word in GROUNDS:
            self.state = replace(self.state, grounded=number != 0)
        elif word == "plain":
            self.state = replace(self.state, hidden=False, bold=False, colour=0, grounded=False)
        elif word == "uc" and number is not None:
            self.state = replace(self.state, replaced=max(0, number))

    def _structure(self, word: str, number: int | None) -> None:
        """Follow what begins and ends paragraphs, cells and rows."""
        paragraph = self.paragraph
        if word == "shptxt":
            self.state = replace(self.state, boxed=True)
        elif word in PARAGRAPH_GROUNDS:
            paragraph.grounded = True
        elif self.state.into == "note":
            self._text(" ") if word == "par" else None
        elif word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word == "pard":
            paragraph.style, paragraph.outline = 0, None
            paragraph.in_table = paragraph.grounded = False
        elif word == "s" and number is not None:
            paragraph.style = number
        elif word == "outlinelevel" and number is not None:
            paragraph.outline = number
        elif word == "intbl":
            paragraph.in_table = True
        elif word in ("nestcell", "nestrow"):
            paragraph.text.append(" ")
        elif word == "cell":
            self.row.cells.append(" ".join(_joined(paragraph.label + paragraph.text).split()))
            paragraph.text.clear()
            paragraph.label.clear()
        elif word == "row":
            self._end_list()
            self.table.add(self.row)
            self.row = Row(edges=self.row.edges)
        else:
            self.row.define(word)

    def _end_paragraph(self) -> None:
        """Add the paragraph as what its style, its label and its words make it; one in a cell waits for the cell's end."""
        paragraph = self.paragraph
        if paragraph.in_table and any(paragraph.text):
            paragraph.text.append(" ")
            return
        lines = (" ".join(line.split()) for line in _joined(paragraph.text).split("\n"))
        text = "\n".join(line for line in lines if line)
        label = "".join(paragraph.label).strip()
        light, paragraph.light = paragraph.light, False
        paragraph.text.clear()
        paragraph.label.clear()
        if not text:
            return
        self._end_table()
        outline = paragraph.outline
        level = (
            min(6, outline + 1)
            if outline is not None and outline < 9
            else self.levels.get(paragraph.style, 0)
        )
        level = level or (heading_level(text) if not light else 0)
        if level:
            self._end_list()
            self.draft.heading(f"{label} {text}" if label else text, level)
        elif label:
            sign = label if label[-1:].isalnum() or label[:1].isalnum() or label[:1] in "(（" else "-"
            self.items.append(f"{sign} {' '.join(text.split())}")
        else:
            self._end_list()
            self.draft.add("text", text)

    def _end_list(self) -> None:
        self.draft.add("list", "\n".join(self.items))
        self.items.clear()

    def _end_table(self) -> None:
        if self.table.rows:
            self._end_list()
            self.table.add_to(self.draft, self.request.limits.max_cells)
            self.table = Table()


def _character(number: int) -> str:
    """Return the character of a `\\u`, or half of one that is written as two."""
    return chr(number % 0x10000)


def _joined(parts: list[str]) -> str:
    """Return the parts as one text, halves of characters joined."""
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
