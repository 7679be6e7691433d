"""Electronic books: their chapters in the order of the spine."""

import posixpath
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from defusedxml.ElementTree import fromstring

from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.html import Pictures, add_whole
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_METHOD = "{http://www.w3.org/2001/04/xmlenc#}EncryptionMethod"
# Ways to scramble fonts, which says nothing about the text.
_FONTS_ONLY = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


@dataclass(frozen=True, slots=True)
class _Item:
    member: str
    kind: str
    properties: frozenset[str]


def parse(request: Request, draft: Draft) -> None:
    """Add the chapters; the table of contents that readers show beside the text is left out."""
    with ZipFile(request.path) as archive:
        _refuse_protected(archive)
        package, folder = _package(archive)
        title = next(package.iter(_DC_TITLE), None)
        draft.title = (title.text or "").strip() if title is not None else ""
        chapters = list(_spine(package, folder))
        for done, item in enumerate(chapters, start=1):
            if item.member not in archive.NameToInfo:
                draft.problem("missing_chapter", f"the book has no {item.member}, which its contents name")
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
                soup = BeautifulSoup(archive.read(item.member), "lxml")
            pictures = Pictures(request, _Finder(archive, posixpath.dirname(item.member)))
            add_whole(soup, draft, pictures)
            request.progress(done, len(chapters))


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds the pictures that a chapter names, in the book itself only."""

    archive: ZipFile
    folder: str

    def __call__(self, address: str) -> bytes | None:
        member = _joined(self.folder, address)
        return self.archive.read(member) if member in self.archive.NameToInfo else None


def _refuse_protected(archive: ZipFile) -> None:
    if "META-INF/encryption.xml" not in archive.NameToInfo:
        return
    methods = fromstring(archive.read("META-INF/encryption.xml"), forbid_dtd=True).iter(_METHOD)
    if any(method.get("Algorithm") not in _FONTS_ONLY for method in methods):
        raise UnreadableFile("the book is copy protected; only books without protection can be read")


def _package(archive: ZipFile) -> tuple[Element, str]:
    container = fromstring(archive.read("META-INF/container.xml"), forbid_dtd=True)
    root = next(container.iter(f"{_CONTAINER}rootfile"))
    member = root.get("full-path", "")
    tree: Element = fromstring(archive.read(member))
    return tree, posixpath.dirname(member)


def _spine(package: Element, folder: str) -> Iterator[_Item]:
    """Yield the pages of the book in reading order, its navigation left out."""
    items: dict[str, _Item] = {}
    for entry in package.iter(f"{_OPF}item"):
        properties = frozenset(entry.get("properties", "").split())
        member = _joined(folder, entry.get("href", ""))
        items[entry.get("id", "")] = _Item(member, entry.get("media-type", ""), properties)
    for reference in package.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref", ""))
        if item is not None and item.kind in _PAGES and "nav" not in item.properties:
            yield item


def _joined(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(address.split("#", 1)[0])))
