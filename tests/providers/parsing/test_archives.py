"""Six ways in which a zip-based file is a danger, and the ordinary ones that are none."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from kimono.providers.parsing import ArchiveBomb, Limits, UnreadableFile, parse
from kimono.providers.parsing.archives import check_archive
from tests.providers.parsing.writers import raw_docx, zip_of

PARAGRAPH = "<w:p><w:r><w:t>租借流程</w:t></w:r></w:p>"
MIB = 1024 * 1024


def test_a_document_of_one_repeated_byte_is_refused(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "a.docx", PARAGRAPH, extra={"word/media/x.bin": b"0" * (20 * MIB)})
    with pytest.raises(ArchiveBomb) as refusal:
        parse(path)
    assert refusal.value.status == 422 and refusal.value.code == "archive_bomb"
    assert refusal.value.detail[0]["type"] == "archive_bomb"  # type: ignore[index]


def test_many_members_that_are_harmless_alone_are_refused_by_their_sum(tmp_path: Path) -> None:
    members = {f"word/media/{n}.bin": bytes([n % 256]) * (900 * 1024) for n in range(40)}
    with pytest.raises(ArchiveBomb, match="times its size"):
        parse(raw_docx(tmp_path / "a.docx", PARAGRAPH, extra=members))


def test_the_unpacked_size_is_limited_whatever_the_ratio(tmp_path: Path) -> None:
    noise = b"".join(struct.pack("<Q", n * 0x9E3779B97F4A7C15 % 2**64) for n in range(MIB // 4))
    path = raw_docx(tmp_path / "a.docx", PARAGRAPH, extra={"word/media/x.bin": noise})
    check_archive(path, Limits())
    with pytest.raises(ArchiveBomb, match="unpacks to more than"):
        check_archive(path, Limits(max_unpacked_bytes=MIB))


def test_a_declared_size_that_lies_is_found_out(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.docx", {"word/document.xml": b"0" * (8 * MIB)})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 1000)
    path.write_bytes(bytes(data))
    with pytest.raises((ArchiveBomb, UnreadableFile)):
        check_archive(path, Limits())


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "C:/x", "word\\..\\..\\x"])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveBomb, match="leads outside"):
        parse(raw_docx(tmp_path / "a.docx", PARAGRAPH, extra={name: b"x"}))


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "a.docx", PARAGRAPH)
    link = zipfile.ZipInfo("word/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveBomb, match="symbolic link"):
        parse(path)


@pytest.mark.parametrize("name", ["word/media/inner.zip", "word/embeddings/oleObject1.bin", "docProps/x"])
def test_archives_inside_are_refused(tmp_path: Path, name: str) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"x")
    with pytest.raises(ArchiveBomb, match="another archive"):
        parse(raw_docx(tmp_path / "a.docx", PARAGRAPH, extra={name: inner.getvalue()}))


def test_the_workbook_behind_a_chart_is_no_danger(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
    extra = {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": inner.getvalue()}
    assert parse(raw_docx(tmp_path / "a.docx", PARAGRAPH, extra=extra)).blocks[0].text == "租借流程"


def test_damage_is_named(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "a.docx", PARAGRAPH * 500)
    data = bytearray(path.read_bytes())
    start = data.index(b"word/document.xml") + 40
    data[start : start + 20] = b"\x00" * 20
    path.write_bytes(bytes(data))
    with pytest.raises(UnreadableFile, match="damaged"):
        parse(path)


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    path = raw_docx(tmp_path / "a.docx", "<w:p><w:r><w:t>a&e;b</w:t></w:r></w:p>", doctype=doctype)
    with pytest.raises(ArchiveBomb, match="entities") as refusal:
        parse(path)
    assert "TOPSECRET" not in str(refusal.value)


def test_entities_that_multiply_are_not_expanded(tmp_path: Path) -> None:
    entities = '<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    path = raw_docx(
        tmp_path / "a.docx", "<w:p><w:r><w:t>&j;</w:t></w:r></w:p>", doctype=f"<!DOCTYPE x [{entities}]>"
    )
    with pytest.raises(ArchiveBomb, match="entities"):
        parse(path)
