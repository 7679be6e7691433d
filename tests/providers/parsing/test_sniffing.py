import codecs
import struct
from pathlib import Path

import pytest

from kimono.providers.parsing import (
    Kind,
    UnreadableFile,
    Unsupported,
    UnsupportedType,
    parse,
    sniff,
    sniff_file,
)
from tests.providers.parsing.writers import pdf, raw_docx, zip_of

PARAGRAPH = "<w:p><w:r><w:t>租借流程</w:t></w:r></w:p>"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n...", "a.txt", Kind.PDF),
        (PNG, "a.pdf", Kind.PNG),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.docx", Kind.JPG),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", Kind.WEBP),
        (b"{\\rtf1\\ansi hello}", "a.doc", Kind.RTF),
        (b"<!DOCTYPE html><html><body>x</body></html>", "page.txt", Kind.HTML),
        (b"<?xml version='1.0'?>\n<!-- c --><html xmlns='x'>", "a.xhtml", Kind.HTML),
        (b"<p>x</p>", "a.html", Kind.HTML),
        (b"<p>x</p> text", "a.md", Kind.MARKDOWN),
        ("# 标题\n".encode(), "a.MARKDOWN", Kind.MARKDOWN),
        ("一行文字".encode("gb18030"), "a.txt", Kind.TEXT),
        ("一行文字".encode(), "没有后缀", Kind.TEXT),
        ("一行文字".encode("utf-16"), "a.txt", Kind.TEXT),
        (b"a,b\n1,2\n", "a.csv", Kind.CSV),
        (b'{"a": 1}', "a.json", Kind.JSON),
        (b'{"a": 1}\n{"a": 2}', "a.jsonl", Kind.JSONL),
        (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nbody", "a.eml", Kind.EML),
        (b"Message-ID: <1@b>\r\nFrom: a@b.c\r\nDate: x\r\n\r\nbody", "mail", Kind.EML),
        (b"From: the manager\n\nDear all", "note.txt", Kind.TEXT),
        (b"", "empty.md", Kind.MARKDOWN),
        (b'{"id": 1, "messages": []}', "export", Kind.JSON),
        (b'{"id": 1}\n{"id": 2}\n', "export.txt", Kind.JSONL),
        (b'[{"id": 1}]', "export.dat", Kind.JSON),
        (b"[note] this is { no JSON }", "a.txt", Kind.TEXT),
    ],
)
def test_the_content_decides(data: bytes, name: str, kind: Kind) -> None:
    assert sniff(data, name) is kind


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 64,
        b"\x7fELF\x02\x01\x01" + b"\x00" * 64,
        b"\x1f\x8b\x08\x00" + b"\x00" * 20,
        b"7z\xbc\xaf\x27\x1c\x00\x04",
        b"Rar!\x1a\x07\x01\x00",
        b"GIF89a%PDF-1.4 also a script",
        b"#!/bin/sh\necho hello",
        b"<?php echo 1;",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><rss/>",
        b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 20,
        b"SQLite format 3\x00" + b"\x00" * 90,
        bytes(range(256)) * 8,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        b"PK\x03\x04 not really a zip",
    ],
)
@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.md"])
def test_a_lying_name_helps_nothing(data: bytes, name: str) -> None:
    assert isinstance(sniff(data, name), Unsupported)


def test_zip_kinds_are_told_by_their_main_part(tmp_path: Path) -> None:
    assert sniff_file(raw_docx(tmp_path / "a.xlsx", PARAGRAPH)) is Kind.DOCX
    epub = zip_of(tmp_path / "b.docx", {"mimetype": b"application/epub+zip", "content.opf": b"<package/>"})
    assert sniff_file(epub) is Kind.EPUB
    odt = zip_of(tmp_path / "c.zip", {"mimetype": b"application/vnd.oasis.opendocument.text"})
    assert sniff_file(odt) is Kind.ODT
    assert isinstance(sniff_file(zip_of(tmp_path / "d.docx", {"a.txt": b"x"})), Unsupported)


def test_a_zip_with_a_damaged_member_is_only_unknown(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "a.docx", PARAGRAPH)
    data = bytearray(path.read_bytes())
    start = data.index(b"[Content_Types].xml") + len("[Content_Types].xml")
    for value in range(256):
        data[start : start + 8] = bytes([value]) * 8
        assert isinstance(sniff(bytes(data), "a.docx"), Unsupported)


def test_macros_are_refused_whatever_the_name(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "letter.docx", PARAGRAPH, extra={"word/vbaProject.bin": b"macro"})
    found = sniff_file(path)
    assert isinstance(found, Unsupported) and "macros" in found.found
    with pytest.raises(UnsupportedType) as refusal:
        parse(path)
    assert refusal.value.status == 415
    assert "macros" in refusal.value.message and "docx" in refusal.value.extra["supported"]


def _ole(stream: str) -> bytes:
    """Make the smallest OLE file whose directory names one stream."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 0x1E, 9)
    struct.pack_into("<I", header, 0x30, 1)
    struct.pack_into("<109I", header, 0x4C, 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    entry = stream.encode("utf-16-le").ljust(64, b"\x00") + struct.pack("<H", len(stream) * 2 + 2)
    return bytes(header) + fat + entry.ljust(512, b"\x00")


@pytest.mark.parametrize(
    ("stream", "name", "kind"),
    [
        ("WordDocument", "a.txt", Kind.DOC),
        ("Workbook", "a.doc", Kind.XLS),
        ("EncryptedPackage", "secret.xlsx", Kind.XLSX),
        ("EncryptedPackage", "secret", Kind.DOCX),
    ],
)
def test_ole_kinds_are_told_by_their_streams(stream: str, name: str, kind: Kind) -> None:
    assert sniff(_ole(stream), name) is kind


@pytest.mark.parametrize("name", ["secret.docx", "secret.xlsx"])
def test_an_encrypted_office_file_asks_for_one_without_a_password(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_ole("EncryptedPackage"))
    with pytest.raises(UnreadableFile, match="password"):
        parse(path)


@pytest.mark.parametrize(
    ("data", "name", "advice"),
    [(PNG, "a.png", "tesseract-ocr-chi-sim"), (_ole("WordDocument"), "a.doc", "antiword")],
)
def test_a_kind_whose_program_is_missing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, name: str, advice: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnsupportedType, match=advice) as refusal:
        parse(path)
    assert (
        "pdf" in refusal.value.extra["supported"] and path.suffix[1:] not in refusal.value.extra["supported"]
    )


def test_every_kind_has_a_media_type() -> None:
    assert all("/" in kind.mime for kind in Kind)


def test_a_marked_pdf_is_still_one(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.bin", [[("Hello there", 12, 72, 700)]])
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert sniff_file(path) is Kind.PDF
