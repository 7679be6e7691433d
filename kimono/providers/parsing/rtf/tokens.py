"""The tokens of a rich text file (RTF specification 1.9.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    rb"|\\'(?P<hex>[0-9a-fA-F]{2})"
    rb"|\\(?P<sign>[^a-zA-Z])"
    rb"|(?P<brace>[{}])"
    rb"|[\r\n\x00]+"
    rb"|(?P<text>[^\\{}\r\n\x00]+)"
    rb"|\\\Z",
    re.DOTALL,
)

TokenKind = Literal["open", "close", "word", "sign", "bytes", "binary"]


@dataclass(frozen=True, slots=True)
class Token:
    """A brace, a control word with its number, a control sign, bytes of text, or the bytes of a picture."""

    kind: TokenKind
    word: str = ""
    number: int | None = None
    data: bytes = b""


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of a file; bytes behind `\\bin` come as one token."""
    position = 0
    while found := _TOKEN.match(data, position):
        position = found.end()
        if found["word"] is not None:
            number = int(found["number"]) if found["number"] else None
            if found["word"] == b"bin":
                length = max(0, number or 0)
                yield Token("binary", data=data[position : position + length])
                position += length
            else:
                yield Token("word", found["word"].decode("ascii"), number)
        elif found["hex"] is not None:
            yield Token("bytes", data=bytes([int(found["hex"], 16)]))
        elif found["sign"] is not None:
            yield Token("sign", found["sign"].decode("latin-1"))
        elif found["brace"] is not None:
            yield Token("open" if found["brace"] == b"{" else "close")
        elif found["text"] is not None:
            yield Token("bytes", data=found["text"])
