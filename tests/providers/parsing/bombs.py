"""Makes the bombs and lies that must be refused."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

from tests.providers.parsing.compound import compound
from tests.providers.parsing.writers import pdf, pdf_picture, raw_docx

MIB = 1024 * 1024
PARAGRAPH = "<w:p><w:r><w:t>租借流程</w:t></w:r></w:p>"


def deflated(size: int, pattern: bytes = b"\x00") -> bytes:
    packer = zlib.compressobj(1)
    return (
        b"".join(packer.compress(pattern * (MIB // len(pattern))) for _ in range(size // MIB))
        + packer.flush()
    )


def zip_bomb(folder: Path) -> Path:
    """A 100 KB document that unpacks to 100 MB."""
    return raw_docx(folder / "a.docx", "", extra={"word/media/a.bin": bytes(100 * MIB)})


def directory_bomb(folder: Path) -> Path:
    """An archive of a few MB whose directory alone would take some hundred."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(50_000):
            archive.writestr(zipfile.ZipInfo(f"word/{number}"), b"")
    path = folder / "a.docx"
    path.write_bytes(file.getvalue())
    return path


def xml_bomb(folder: Path) -> Path:
    """A document whose entities stand for 10⁹ words."""
    entities = '<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    return raw_docx(
        folder / "a.docx", "<w:p><w:r><w:t>&j;</w:t></w:r></w:p>", doctype=f"<!DOCTYPE x [{entities}]>"
    )


def deep_xml(folder: Path) -> Path:
    """A document of frames within frames within frames."""
    return raw_docx(folder / "a.docx", "<w:sdt><w:sdtContent>" * 100_000)


def pdf_bomb(folder: Path) -> Path:
    """A page whose content unpacks to 256 MB of states that are never left."""
    path = pdf(folder / "a.pdf", [[("x", 10, 10, 10)]])
    data = deflated(256 * MIB, b"q ")
    body = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"
    whole = path.read_bytes()
    start = whole.index(b"8 0 obj")
    end = whole.index(b"endobj", start)
    path.write_bytes(whole[:start] + b"8 0 obj\n" + body + b"\n" + whole[end:])
    return path


def endless_pdf(folder: Path) -> Path:
    """A file that says it has a billion pages, all of them the same."""
    path = pdf(folder / "a.pdf", [[("x", 10, 10, 10)]])
    kids = b"9 0 R " * 60_000
    path.write_bytes(
        path.read_bytes().replace(b"/Kids [9 0 R] /Count 1", b"/Kids [" + kids + b"] /Count 60000")
    )
    return path


def image_bomb(folder: Path) -> Path:
    """A picture of 3.6 × 10⁹ pixels in some KB."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    path = folder / "a.png"
    body = part(b"IHDR", header) + part(b"IDAT", deflated(64 * MIB)) + part(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def scanned_bomb(folder: Path) -> Path:
    """A page that shows a picture of 10¹⁰ pixels."""
    return pdf(folder / "a.pdf", [], unreadable=1, picture=pdf_picture(100_000, 100_000, deflated(64 * MIB)))


def polyglot(folder: Path) -> Path:
    """A PDF that is a document of macros for whoever opens it as a zip file."""
    path = pdf(folder / "a.pdf", [[("A harmless page with words", 11, 72, 700)]])
    hidden = raw_docx(folder / "b.docx", PARAGRAPH, extra={"word/vbaProject.bin": b"macro"})
    path.write_bytes(path.read_bytes() + hidden.read_bytes())
    return path


def macro(folder: Path) -> Path:
    """A document with macros under the name of one without."""
    return raw_docx(folder / "letter.docx", PARAGRAPH, extra={"word/vbaProject.bin": b"macro"})


def old_macro(folder: Path) -> Path:
    """An old workbook with macros."""
    return compound(folder / "a.xls", {"Workbook": b"", "_VBA_PROJECT_CUR": b""})
