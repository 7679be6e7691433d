"""The parts of a Word file that are needed, read with a parser that resolves no entity."""

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
)


@dataclass(slots=True)
class Package:
    """An open Word file: the main part's tree, its folder, and the targets of its relations by id."""

    archive: ZipFile
    main: Element
    folder: str
    relations: dict[str, tuple[str, str]] = field(default_factory=dict)

    def part(self, kind: str) -> Element | None:
        """Return the tree of the related part whose relation type ends in `kind`, None when there is none."""
        for relation, target in self.relations.values():
            if relation.endswith("/" + kind):
                return self._tree(target)
        return None

    def target(self, relation_id: str) -> str | None:
        """Return the member that a relation of the main part leads to, None when it is external or missing."""
        found = self.relations.get(relation_id)
        return found[1] if found and found[1] in self.archive.NameToInfo else None

    def _tree(self, member: str) -> Element | None:
        if member not in self.archive.NameToInfo:
            return None
        return _parsed(self.archive.read(member))


def open_package(path: Path) -> Package:
    """Return the package at `path`; the caller closes its archive. Raises KeyError when it has no main part."""
    archive = ZipFile(path)
    try:
        main = next(
            target
            for relation, target in _relations(archive, "_rels/.rels", "").values()
            if relation.endswith("/officeDocument")
        )
        folder, name = posixpath.split(main)
        relations = _relations(archive, f"{folder}/_rels/{name}.rels", folder)
        return Package(archive, _parsed(archive.read(main)), folder, relations)
    except BaseException:
        archive.close()
        raise


def _relations(archive: ZipFile, member: str, folder: str) -> dict[str, tuple[str, str]]:
    """Return id → (type, member) of the internal relations in a part; empty when the part is not there."""
    if member not in archive.NameToInfo:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for element in _parsed(archive.read(member)).iter(_RELATION):
        if element.get("TargetMode") != "External":
            target = element.get("Target", "")
            path = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join(folder, target))
            )
            found[element.get("Id", "")] = element.get("Type", ""), path
    return found


def _parsed(data: bytes) -> Element:
    if b"purl.oclc.org/ooxml" in data:
        for strict, transitional in _STRICT:
            data = data.replace(strict, transitional)
    tree: Element = fromstring(data, forbid_dtd=True)
    return tree
