"""Web pages: the words of the page itself, without its navigation, scripts and hidden parts."""

import re
import warnings
from base64 import b64decode
from urllib.parse import unquote

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.html.boilerplate import drop_hidden, drop_sides, main_part
from kimono.providers.parsing.html.walk import Pictures, Walk
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_DATA_ADDRESS = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


def parse(request: Request, draft: Draft) -> None:
    """Add the page's headings, paragraphs, lists and tables; its title comes from `<title>` or the first heading."""
    with warnings.catch_warnings():
        # XHTML is read as HTML on purpose: an XML parser stops at the first mistake of an author.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(_text_of(request.path.read_bytes()), "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    add_page(soup, draft, Pictures(request, _embedded))
    draft.title = draft.title or title
    request.progress(1, 1)


def add_page(soup: BeautifulSoup, draft: Draft, pictures: Pictures | None = None) -> None:
    """Add the content of a parsed page; when the rules against boilerplate leave nothing, all that is visible."""
    body = soup.body or soup
    drop_hidden(body)
    whole = len(body.get_text(" ", strip=True))
    plain = BeautifulSoup(str(body), "lxml")
    drop_sides(body, whole)
    root = main_part(body)
    if len(root.get_text(" ", strip=True)) * 10 < whole:
        root = plain.body or plain
    Walk(draft, pictures).run(root)


def add_whole(soup: BeautifulSoup, draft: Draft, pictures: Pictures | None = None) -> None:
    """Add all that is visible of a page that has no boilerplate around it: a chapter, a mail."""
    root = soup.body or soup
    drop_hidden(root)
    Walk(draft, pictures).run(root)


def add_fragment(markup: str, draft: Draft) -> None:
    """Add a piece of HTML that stands in another kind of text; nothing but hidden parts and scripts is left out."""
    add_whole(BeautifulSoup(markup, "lxml"), draft)


def _embedded(address: str) -> bytes | None:
    """Return the bytes of a picture that a page carries in its own text."""
    found = _DATA_ADDRESS.match(address)
    if found is None:
        return None
    try:
        return b64decode(unquote(address[found.end() :]))
    except ValueError:
        return None


def _text_of(data: bytes) -> str:
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = declared.group(1).decode().lower()
        try:
            return data.decode("gb18030" if name in ("gb2312", "gbk") else name)
        except (LookupError, UnicodeDecodeError):
            return decode(data)
    return decode(data)
