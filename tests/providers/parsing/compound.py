"""Writes the old Office container and the smallest workbook in it ([MS-CFB], [MS-XLS]), as no library does any more."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
# A stream of less than this would lie in the small stream, which is not worth writing here.
_LEAST = 4096


def compound(path: Path, streams: Mapping[str, bytes]) -> Path:
    """Write an OLE file of at most three streams, each padded to 4 KiB."""
    padded = {
        name: data.ljust(max(_LEAST, -(-len(data) // _SECTOR) * _SECTOR), b"\x00")
        for name, data in streams.items()
    }
    fat = [_FAT, _END]
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    body = b""
    for index, (name, data) in enumerate(padded.items()):
        start, count = len(fat), len(data) // _SECTOR
        fat += [*range(start + 1, start + count), _END]
        right = index + 2 if index + 1 < len(padded) else _FREE
        entries.append(_entry(name, 2, start, len(data), right=right))
        body += data
    assert len(fat) <= 128 and len(entries) <= 4
    header = bytearray(_SECTOR)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 0x18, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 0x2C, 1, 1, 0, _LEAST, _END, 0, _END, 0, 0)
    struct.pack_into("<108I", header, 0x50, *[_FREE] * 108)
    table = struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat)))
    path.write_bytes(bytes(header) + table + b"".join(entries).ljust(_SECTOR, b"\x00") + body)
    return path


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE, right: int = _FREE) -> bytes:
    encoded = name.encode("utf-16-le")
    return (
        encoded.ljust(64, b"\x00")
        + struct.pack("<HBBIII", len(encoded) + 2, kind, 1, _FREE, right, child)
        + b"\x00" * 36
        + struct.pack("<IQ", start, size)
    )


def workbook_97(path: Path, sheets: Mapping[str, Sequence[bytes]]) -> Path:
    """Write an xls file of sheets that consist of the given records."""
    bodies = [_bof(0x10) + b"".join(records) + _record(0x0A) for records in sheets.values()]
    head_size = len(_head(sheets, [0] * len(bodies)))
    offsets = [head_size + sum(map(len, bodies[:index])) for index in range(len(bodies))]
    return compound(path, {"Workbook": _head(sheets, offsets) + b"".join(bodies)})


def label(row: int, column: int, text: str) -> bytes:
    """Return the record of a cell with words; places count from zero."""
    return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def number(row: int, column: int, value: float) -> bytes:
    """Return the record of a cell with a number."""
    return _record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def formula(row: int, column: int, value: float) -> bytes:
    """Return the record of a cell with a formula that had `value` when it was saved."""
    return _record(0x0006, struct.pack("<HHHdHIH", row, column, 0, value, 0, 0, 3) + b"\x1e\x01\x00")


def merged(top: int, left: int, bottom: int, right: int) -> bytes:
    """Return the record of one merged range."""
    return _record(0x00E5, struct.pack("<HHHHH", 1, top, bottom, left, right))


def _head(sheets: Mapping[str, Sequence[bytes]], offsets: Sequence[int]) -> bytes:
    names = b"".join(
        _record(0x0085, struct.pack("<IHBB", offset, 0, len(name), 1) + name.encode("utf-16-le"))
        for name, offset in zip(sheets, offsets, strict=True)
    )
    return _bof(0x05) + names + _record(0x0A)


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data
