"""Fetch one address: every hop is checked, nothing is sent along but the request, and it ends in time and size."""

import contextlib
import http.client
import re
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote, urljoin, urlsplit

from kimono.providers.fetching.addresses import AddressNotAllowed, Rules, Target, check
from kimono.providers.fetching.connecting import Connection, connection
from kimono.providers.fetching.published import data_address

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 20.0
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 64 * 1024
_HEADERS = {
    "User-Agent": "Kimono/1 (knowledge import)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_ENDINGS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/csv": "csv",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/json": "json",
}
_META = re.compile(rb"<meta[^>]+charset", re.IGNORECASE)


class FetchFailed(Exception):
    """It could not be fetched, for a reason that is fit to be shown."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was there: its bytes, a file name for its type, and the address where it was in the end."""

    content: bytes
    name: str
    url: str


def fetch(url: str, rules: Rules | None = None, *, seconds: float = MOST_SECONDS) -> Fetched:
    """Return what is at an address, or, of a published sheet, its data. Blocks, for `seconds` at most.

    Raises `AddressNotAllowed` for the address or one that it redirects to, `FetchFailed`.
    """
    until = time.monotonic() + seconds
    here = data_address(url)
    for _ in range(MOST_REDIRECTS + 1):
        try:
            target = check(here, rules)
        except OSError as error:
            raise FetchFailed("the host's name is not known") from error
        with _answered(target, until) as answer:
            if answer.status not in _REDIRECTS:
                found = _read(answer, here)
                if time.monotonic() >= until:
                    # It was cut off, which looks like an end.
                    raise FetchFailed("it takes too long")
                return found
            there = answer.headers.get("Location", "")
        if not there:
            raise FetchFailed(f"the server answers with status {answer.status} and no address")
        here = data_address(_joined(here, there))
    raise FetchFailed(f"it is redirected more than {MOST_REDIRECTS} times")


def _joined(here: str, there: str) -> str:
    try:
        return urljoin(here, there)
    except ValueError:
        raise AddressNotAllowed("it is redirected to what is not an address") from None


@contextlib.contextmanager
def _answered(target: Target, until: float) -> Iterator[http.client.HTTPResponse]:
    """Ask and yield the answer; when the time is over the connection is cut, wherever it is."""
    left = until - time.monotonic()
    if left <= 0:
        raise FetchFailed("it takes too long")
    asked = connection(target, left)
    watch = threading.Timer(left, _cut, [asked])
    watch.daemon = True
    watch.start()
    try:
        asked.request("GET", target.path, headers=_HEADERS)
        yield asked.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= until - 0.05
        raise FetchFailed(
            "it takes too long" if late else "the server does not answer as it should"
        ) from error
    finally:
        watch.cancel()
        asked.close()


def _cut(asked: Connection) -> None:
    if asked.wire is not None:
        with contextlib.suppress(OSError):
            asked.wire.shutdown(socket.SHUT_RDWR)


def _read(answer: http.client.HTTPResponse, url: str) -> Fetched:
    if answer.status != 200:
        raise FetchFailed(f"the server answers with status {answer.status}")
    content = _decoded(_body(answer), answer.headers.get("Content-Encoding", ""))
    length = answer.headers.get("Content-Length", "")
    if not content:
        raise FetchFailed("there is nothing")
    if length.isdigit() and answer.length:
        raise FetchFailed("the answer breaks off")
    return Fetched(_with_charset(content, answer.headers), _name(url, answer.headers), url)


def _body(answer: http.client.HTTPResponse) -> bytes:
    content = bytearray()
    while piece := answer.read1(_PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise FetchFailed(f"it is larger than {MOST_BYTES // (1024 * 1024)} MiB")
    return bytes(content)


def _decoded(content: bytes, encoding: str) -> bytes:
    """Return a body that a server has packed unasked."""
    if encoding.strip().lower() in ("", "identity"):
        return content
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise FetchFailed("the server answers in an encoding that was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        unpacked = unpacker.decompress(content, MOST_BYTES + 1)
    except zlib.error as error:
        raise FetchFailed("the answer is damaged") from error
    if len(unpacked) > MOST_BYTES:
        raise FetchFailed(f"it is larger than {MOST_BYTES // (1024 * 1024)} MiB")
    return unpacked


def _with_charset(content: bytes, headers: Message) -> bytes:
    """Return a text in UTF-8 when only the server says in which charset it is."""
    charset = headers.get_content_charset()
    if charset is None or headers.get_content_maintype() != "text" or _META.search(content[:4096]):
        return content
    try:
        return content.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        return content


def _name(url: str, headers: Message) -> str:
    """Return a file name: as the server calls it, else the end of the address, with the ending of its type."""
    called = headers.get_filename() or unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1] or "page"
    ending = _ENDINGS.get(headers.get_content_type(), "") if "Content-Type" in headers else ""
    return called if not ending or called.lower().endswith(f".{ending}") else f"{called}.{ending}"
