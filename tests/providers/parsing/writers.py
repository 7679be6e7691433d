"""Makes files of every kind at run time, so that no binary lies in the repository."""

import zipfile
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)


# The objects before the pages: catalogue and page tree (filled in later), a Latin font, a picture, and a Chinese font
# that every reader knows by its name.
_SHARED = (
    b"",
    b"",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    b"<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 64 >>"
    b"\nstream\n" + bytes(range(64)) + b"\nendstream",
    b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 6 0 R /DW 1000"
    b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
    b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [0 -120 1000 880]"
    b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>",
)


def raw_docx(path: Path, body: str, *, extra: dict[str, bytes] | None = None, doctype: str = "") -> Path:
    """Write a Word file whose body is the given XML."""
    document = (
        f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{W}"'
        ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><w:body>'
        f"{body}</w:body></w:document>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", document)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return path


def pdf(
    path: Path,
    pages: list[list[tuple[str, float, float, float]]],
    *,
    drawing: str = "",
    unreadable: int = 0,
    picture: bytes | None = None,
) -> Path:
    """Write a PDF of (text, size, x, y) lines per page; `unreadable` pages at the end hold only a picture.

    `picture` is the object of the picture that they, and any `drawing`, show under the name /P1.
    """
    objects = [*_SHARED]
    if picture is not None:
        objects[3] = picture
    kids = []
    contents = [
        drawing + "".join(f"BT {_shown(text, size, x, y)} Tj ET\n" for text, size, x, y in page)
        for page in pages
    ] + ["q 500 0 0 700 50 50 cm /P1 Do Q"] * unreadable
    for content in contents:
        data = content.encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n" % len(data) + data + b"\nendstream")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R /F2 7 0 R >> /XObject << /P1 4 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (
        b" ".join(b"%d 0 R" % kid for kid in kids),
        len(kids),
    )
    path.write_bytes(_assembled(objects))
    return path


def pdf_picture(columns: int, rows: int, data: bytes) -> bytes:
    """Return the object of a grey picture; `data` are its samples, packed."""
    return (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8"
        b" /Filter /FlateDecode /Length %d >>\nstream\n" % (columns, rows, len(data)) + data + b"\nendstream"
    )


def _assembled(objects: list[bytes]) -> bytes:
    data = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(data)
    size = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return data + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def _shown(text: str, size: float, x: float, y: float) -> str:
    """Return the operators that choose a font and a place, and the string."""
    place = f"{size} Tf {x} {y} Td"
    if text.isascii():
        return f"/F1 {place} ({_escaped(text)})"
    return f"/F2 {place} <{text.encode('utf-16-be').hex()}>"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip file of the given members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
