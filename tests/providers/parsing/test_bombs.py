"""Six kinds of bombs and lies: each is refused with a reason, soon, and without filling the parent's memory."""

import io
import struct
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kimono.providers.parsing import (
    ArchiveBomb,
    Kind,
    Limits,
    ParseError,
    UnreadableFile,
    Unsupported,
    UnsupportedType,
    parse,
    parse_in_child,
    sniff,
    sniff_file,
)
from tests.providers.parsing.bombs import (
    MIB,
    PARAGRAPH,
    deep_xml,
    directory_bomb,
    endless_pdf,
    image_bomb,
    macro,
    old_macro,
    pdf_bomb,
    polyglot,
    scanned_bomb,
    xml_bomb,
    zip_bomb,
)
from tests.providers.parsing.writers import pdf, raw_docx, zip_of

HARD_STOP_SECONDS = 20


class Peak:
    """Watches how much memory this process holds while something runs."""

    def __enter__(self) -> "Peak":
        self.start = self.most = _resident()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.done.wait(0.01):
            self.most = max(self.most, _resident())

    @property
    def growth(self) -> int:
        return self.most - self.start


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the memory of a process is read from /proc"
)
@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (zip_bomb, ArchiveBomb),
        (directory_bomb, UnsupportedType),
        (xml_bomb, ArchiveBomb),
        (deep_xml, ParseError),
        (pdf_bomb, UnreadableFile),
        (endless_pdf, UnreadableFile),
        (image_bomb, ParseError),
        (scanned_bomb, UnreadableFile),
        (polyglot, UnsupportedType),
        (macro, UnsupportedType),
        (old_macro, UnsupportedType),
    ],
)
def test_it_is_refused_soon_and_the_parent_stays_small(
    tmp_path: Path, make: Callable[[Path], Path], refusal: type[ParseError]
) -> None:
    path = make(tmp_path)
    limits = Limits(cpu_seconds=10, wall_seconds=HARD_STOP_SECONDS)
    started = time.monotonic()
    with Peak() as peak, pytest.raises(refusal) as refused:
        parse_in_child(path, path.name, limits)
    assert time.monotonic() - started < HARD_STOP_SECONDS + 5
    assert peak.growth < 50 * MIB
    assert len(refused.value.message) > 10


@pytest.mark.parametrize("make", [directory_bomb, polyglot, macro, old_macro])
def test_an_upload_is_told_without_a_child(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    content = make(tmp_path).read_bytes()
    with Peak() as peak:
        found = sniff(content, "a.docx")
    assert isinstance(found, Unsupported) and peak.growth < 50 * MIB


@pytest.mark.parametrize("ending", ["pdf", "png", "jpg", "webp", "html", "txt", "csv", "json", "rtf", "eml"])
def test_no_file_is_of_two_kinds_at_once(tmp_path: Path, ending: str) -> None:
    starts = {
        "pdf": b"%PDF-1.4\n", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff\xe0", "webp": b"RIFF\0\0\0\0WEBP",
        "html": b"<html><body>words</body></html>", "txt": b"words\n", "csv": b"a,b\n1,2\n", "json": b'{"a": 1}\n',
        "rtf": b"{\\rtf1 words}", "eml": b"From: a@b.c\r\nTo: d@e.f\r\nDate: x\r\n\r\nbody\r\n",
    }  # fmt: skip
    archive = zip_of(tmp_path / "a.zip", {"evil.txt": b"x" * 2000}).read_bytes()
    for filler in (b"", b"\n" * 200_000):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(starts[ending] + filler + archive)
        found = sniff_file(path)
        assert isinstance(found, Unsupported)


def test_a_zip_that_begins_like_a_pdf_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("%PDF-1.4", b"%PDF-1.4\n1 0 obj")
    found = sniff(file.getvalue(), "a.docx")
    assert isinstance(found, Unsupported) and "at once" in found.found


def test_a_pdf_that_only_carries_a_zip_is_a_pdf(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"a.txt": b"x"}).read_bytes()
    path = pdf(tmp_path / "a.pdf", [[("Words on a page", 11, 72, 700)]])
    path.write_bytes(
        path.read_bytes().replace(b"%PDF-1.4\n", b"%PDF-1.4\n%" + archive.replace(b"\n", b"") + b"\n", 1)
    )
    assert sniff_file(path) is Kind.PDF


def test_entities_in_any_member_are_refused_before_a_library_sees_them(tmp_path: Path) -> None:
    declared = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for name, data in (
        ("docProps/core.xml", declared.encode()),
        ("word/a.xml", declared.encode("utf-16-be")),
    ):
        with pytest.raises(ArchiveBomb, match="entities"):
            parse(raw_docx(tmp_path / "a.docx", PARAGRAPH, extra={name: data}))


@pytest.mark.parametrize("shift", [0, 3, 31, 0xFFFF])
def test_an_old_office_file_with_a_lying_head_is_only_unknown(shift: int) -> None:
    data = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    struct.pack_into("<H", data, 0x1E, shift)
    assert isinstance(sniff(bytes(data), "a.doc"), Unsupported)
