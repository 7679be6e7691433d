"""Web pages: the words of the page itself, without its navigation, scripts and hidden parts."""

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import Grid, spread, to_markdown, trimmed

_DROPPED = (
    "script style noscript template iframe object embed applet svg canvas audio video button select option input textarea"
    " nav footer aside dialog menu link meta base datalist progress meter"
)
_DROPPED_TAGS = frozenset(_DROPPED.split())
_BLOCK_NAMES = (
    "address article blockquote body center dd details div dl dt fieldset figcaption figure form header hgroup hr html"
    " legend main p section summary tbody td th thead tfoot tr ul ol li table pre h1 h2 h3 h4 h5 h6 caption"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_SIDE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert"})
_SIDE_NAMES = frozenset(
    {
        "nav",
        "navbar",
        "navigation",
        "menu",
        "breadcrumb",
        "breadcrumbs",
        "footer",
        "sidebar",
        "cookie",
        "cookies",
        "advert",
    }
    | {"ads", "share", "social", "pagination", "pager", "skip", "toolbar", "copyright", "newsletter", "popup"}
)
_NAME_PART = re.compile(r"[a-z]+")
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def parse(request: Request, draft: Draft) -> None:
    """Add the page's headings, paragraphs, lists and tables; its title comes from `<title>` or the first heading."""
    with warnings.catch_warnings():
        # XHTML is read as HTML on purpose: an XML parser stops at the first mistake of an author.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(_text_of(request.path.read_bytes()), "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    add_page(soup, draft)
    draft.title = draft.title or title
    request.progress(1, 1)


def add_page(soup: BeautifulSoup, draft: Draft) -> None:
    """Add the content of a parsed page; when the rules against boilerplate leave nothing, all that is visible."""
    body = soup.body or soup
    _drop_hidden(body)
    whole = len(body.get_text(" ", strip=True))
    plain = BeautifulSoup(str(body), "lxml")
    _drop_sides(body, whole)
    root = _main_part(body)
    if len(root.get_text(" ", strip=True)) * 10 < whole:
        root = plain.body or plain
    _Walk(draft).run(root)


def add_fragment(markup: str, draft: Draft) -> None:
    """Add a piece of HTML that stands in another kind of text; nothing but hidden parts and scripts is left out."""
    soup = BeautifulSoup(markup, "lxml")
    root = soup.body or soup
    _drop_hidden(root)
    _Walk(draft).run(root)


class _Walk:
    """Walks through a tree once, gathering inline text until a block element ends it."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.line: list[str] = []

    def run(self, root: Tag) -> None:
        """Add everything under `root`."""
        self._children(root)
        self._flush()

    def _children(self, parent: Tag) -> None:
        for child in parent.children:
            self._visit(child)

    def _visit(self, node: PageElement) -> None:
        if isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                self.line.append(_SPACE.sub(" ", str(node)))
        elif isinstance(node, Tag):
            self._element(node)

    def _element(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self.line.append("\n")
        elif name == "img":
            self._image(tag)
        elif name == "math":
            self._formula(tag)
        elif name not in _BLOCKS:
            self._children(tag)
        else:
            self._flush()
            self._block(tag, name)
            self._flush()

    def _block(self, tag: Tag, name: str) -> None:
        if name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.draft.heading(_inline(tag), int(name[1]))
        elif name in ("ul", "ol"):
            self.draft.add("list", "\n".join(_items(tag, 0)))
        elif name == "pre":
            self.draft.add("code", tag.get_text())
        elif name == "table":
            self._table(tag)
        elif name == "dl":
            self.draft.add("text", "\n".join(_definitions(tag)))
        else:
            self._children(tag)

    def _table(self, tag: Tag) -> None:
        """Add a table of data as one block; a table that only lays out the page is read cell by cell."""
        caption = tag.find("caption", recursive=False)
        if isinstance(caption, Tag):
            self.draft.add("text", _inline(caption))
            caption.extract()
        grid = trimmed(_grid(tag))
        width = max((len(row) for row in grid), default=0)
        if (
            tag.find("table") is not None
            or width < 2
            or any(len(cell) > 2000 for row in grid for cell in row)
        ):
            self._children(tag)
            return
        self.draft.add("table", to_markdown(_paired_currency(grid)))

    def _image(self, tag: Tag) -> None:
        text = _SPACE.sub(" ", str(tag.get("alt") or tag.get("title") or "")).strip()
        if len(text) > 3:
            self._flush()
            self.draft.add("image", text)

    def _formula(self, tag: Tag) -> None:
        source = tag.find("annotation", attrs={"encoding": re.compile("tex", re.IGNORECASE)})
        latex = source.get_text(strip=True) if isinstance(source, Tag) else str(tag.get("alttext") or "")
        if latex and tag.get("display") == "block":
            self._flush()
            self.draft.add("formula", latex)
        else:
            self.line.append(f"${latex}$" if latex else tag.get_text(" ", strip=True))

    def _flush(self) -> None:
        lines = (" ".join(line.split()) for line in "".join(self.line).split("\n"))
        self.line.clear()
        self.draft.add("text", "\n".join(line for line in lines if line))


def _inline(tag: Tag) -> str:
    return " ".join(tag.get_text(" " if tag.find(_BLOCKS) else "").split())


def _items(tag: Tag, depth: int) -> Iterator[str]:
    """Yield the lines of a list, nested lists indented by two spaces a level."""
    for number, item in enumerate(tag.find_all("li", recursive=False), start=1):
        nested = [child.extract() for child in item.find_all(["ul", "ol"]) if child.find_parent("li") is item]
        text = _inline(item)
        if text:
            yield "  " * depth + (f"{number}. " if tag.name == "ol" else "- ") + text
        for child in nested:
            yield from _items(child, depth + 1)


def _definitions(tag: Tag) -> Iterator[str]:
    term = ""
    for part in tag.find_all(["dt", "dd"]):
        text = _inline(part)
        if part.name == "dt":
            if term:
                yield term
            term = text
        elif text:
            yield f"{term}: {text}" if term else text
            term = ""
    if term:
        yield term


def _grid(table: Tag) -> Grid:
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    return spread(
        [
            [
                (_inline(cell), _span(cell, "colspan"), _span(cell, "rowspan"))
                for cell in row.find_all(["td", "th"], recursive=False)
            ]
            for row in rows
        ]
    )


def _paired_currency(grid: Grid) -> Grid:
    """Return the grid with a column that holds only `$`, `)` or `%` signs joined to the numbers it belongs to."""
    columns = list(zip(*grid, strict=True))
    joined: list[list[str]] = []
    prefix: list[str] | None = None
    for column in columns:
        body = {cell for cell in column if cell}
        if body and body <= {"$", "€", "£", "¥", "￥"}:
            prefix = list(column)
        elif body and body <= {")", "%", ")%", "%)"} and joined:
            joined[-1] = [left + right for left, right in zip(joined[-1], column, strict=True)]
        else:
            before = prefix or [""] * len(column)
            joined.append(
                [left + right if right else left for left, right in zip(before, column, strict=True)]
            )
            prefix = None
    return [list(row) for row in zip(*joined, strict=True)]


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(1000, max(1, int(value))) if value.isdigit() else 1


def _drop_hidden(root: Tag) -> None:
    """Remove what a reader of the page does not see, and all that is not text."""
    for tag in root.find_all(True):
        hidden = tag.get("hidden") is not None and tag.get("hidden") != "until-found"
        if tag.name == "script" and "math/tex" in str(tag.get("type", "")):
            tag.replace_with(f"${tag.get_text()}$")
        elif (
            tag.name in _DROPPED_TAGS - {"nav", "footer", "aside", "menu"}
            or hidden
            or str(tag.get("aria-hidden")).lower() == "true"
            or _HIDDEN_STYLE.search(str(tag.get("style") or ""))
        ):
            tag.extract()


def _drop_sides(root: Tag, whole: int) -> None:
    """Remove what surrounds the content on every page of a site, but nothing that is half of the page or titles it."""
    for tag in root.find_all(True):
        if not _is_side(tag):
            continue
        if tag.find(["h1", "main", "article"]) is None and len(tag.get_text(" ", strip=True)) * 2 < whole:
            tag.extract()


def _is_side(tag: Tag) -> bool:
    if tag.name in _DROPPED_TAGS or str(tag.get("role", "")).lower() in _SIDE_ROLES:
        return True
    if tag.name == "header":
        return tag.find(re.compile("^h[1-6]$")) is None
    if tag.name not in ("div", "section", "ul", "ol", "p", "form", "table", "span"):
        return False
    classes = tag.get("class") or []
    names = " ".join([*classes, str(tag.get("id") or "")]).lower()
    return not _SIDE_NAMES.isdisjoint(_NAME_PART.findall(names))


def _main_part(body: Tag) -> Tag:
    """Return the one element that says it is the content, when it holds a good part of the text; else the body."""
    for name in ("main", "article"):
        found = body.find_all(name)
        if len(found) == 1:
            part: Tag = found[0]
            if len(part.get_text(" ", strip=True)) * 10 >= len(body.get_text(" ", strip=True)) * 3:
                return part
    return body


def _text_of(data: bytes) -> str:
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = declared.group(1).decode().lower()
        try:
            return data.decode("gb18030" if name in ("gb2312", "gbk") else name)
        except (LookupError, UnicodeDecodeError):
            return decode(data)
    return decode(data)
