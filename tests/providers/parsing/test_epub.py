"""Electronic books: chapters in the order of the spine, with their structure and pictures."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from kimono.providers.parsing import Kind, UnreadableFile, parse, sniff_file
from tests.providers.parsing.writers import zip_of

CONTAINER = (
    b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    b'<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
)
PAGE = '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'


def epub(
    path: Path, chapters: dict[str, str], spine: list[str], extra: dict[str, bytes] | None = None
) -> Path:
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"'
        + (' properties="nav"/>' if name == "nav" else "/>")
        for name in chapters
    )
    order = "".join(f'<itemref idref="{name}"/>' for name in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>和服入门</dc:title></metadata><manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    pages = {f"OEBPS/text/{name}.xhtml": PAGE.format(body).encode() for name, body in chapters.items()}
    return zip_of(
        path,
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/content.opf": package.encode(),
            **pages,
            **(extra or {}),
        },
    )


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((70, 50), 90).save(file, "PNG")
    path = epub(
        tmp_path / "a.epub",
        {
            "two": "<h1>第二章</h1><table><tr><th>季节</th><th>花色</th></tr><tr><td>春</td><td>樱</td></tr></table>",
            "nav": "<nav><ol><li>目录</li></ol></nav>",
            "one": '<h1>第一章</h1><h2>穿法</h2><p>左襟在上。</p><figure><img src="../img/a%201.png" alt="背面"/>'
            "<figcaption>图 2 腰带</figcaption></figure>",
        },
        ["nav", "one", "two"],
        {"OEBPS/img/a 1.png": file.getvalue()},
    )
    assert sniff_file(path) is Kind.EPUB
    document = parse(path, media_dir=tmp_path)
    assert [(block.kind, block.text, block.section_path) for block in document.blocks] == [
        ("heading", "第一章", ("第一章",)),
        ("heading", "穿法", ("第一章", "穿法")),
        ("text", "左襟在上。", ("第一章", "穿法")),
        ("image", "图 2 腰带 背面", ("第一章", "穿法")),
        ("heading", "第二章", ("第二章",)),
        ("table", "| 季节 | 花色 |\n| --- | --- |\n| 春 | 樱 |", ("第二章",)),
    ]
    assert document.title == "和服入门" and document.media[0].figure == "图 2"


def test_missing_chapters_are_named(tmp_path: Path) -> None:
    path = epub(tmp_path / "a.epub", {"one": "<p>正文</p>", "two": "<p>二</p>"}, ["one", "two"])
    members = {}
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if "two" not in name}
    document = parse(zip_of(path, members))
    assert [block.text for block in document.blocks] == ["正文"]
    assert "text/two.xhtml" in document.errors[0].message


def test_copy_protection_is_named_and_scrambled_fonts_are_not(tmp_path: Path) -> None:
    def locked(method: str) -> dict[str, bytes]:
        data = (
            f'<e xmlns:x="http://www.w3.org/2001/04/xmlenc#"><x:EncryptionMethod Algorithm="{method}"/></e>'
        )
        return {"META-INF/encryption.xml": data.encode()}

    drm = locked("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    with pytest.raises(UnreadableFile, match="copy protected"):
        parse(epub(tmp_path / "a.epub", {"one": "<p>正文</p>"}, ["one"], drm))
    fonts = locked("http://www.idpf.org/2008/embedding")
    assert parse(epub(tmp_path / "b.epub", {"one": "<p>正文</p>"}, ["one"], fonts)).blocks[0].text == "正文"
