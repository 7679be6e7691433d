"""A client of event streams that does as little as possible, so that what it measures is the server."""

import asyncio
import json
import time
from dataclasses import dataclass, field

_DATA = b"data: {"


@dataclass
class Heard:
    """What one stream brought: when each piece of text was read (seconds since the epoch), and when it was over."""

    pieces: list[tuple[float, str]] = field(default_factory=list)
    begun: float = 0.0
    ended: float = 0.0

    def at(self, characters: int) -> float | None:
        """Return when so many characters had been read, or None."""
        known = 0
        for when, text in self.pieces:
            known += len(text)
            if known >= characters:
                return when
        return None


async def listen(port: int, path: str, body: bytes, headers: dict[str, str]) -> Heard:
    """POST `body` and read the stream to its end. Raises `ConnectionError` for an answer other than 200."""
    heard = Heard(begun=time.time())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    lines |= {"Connection": "close", **headers}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(head.encode() + b"\r\n" + body)
    try:
        status = await reader.readline()
        if b" 200 " not in status:
            raise ConnectionError(f"{status!r}: {(await reader.read(2000))!r}")
        async for line in reader:
            # Lines of the transfer encoding lie in between; none of them looks like an event's data.
            if line.startswith(_DATA):
                text = _text(line)
                if text:
                    heard.pieces.append((time.time(), text))
    finally:
        writer.close()
    heard.ended = time.time()
    return heard


def _text(line: bytes) -> str:
    """Return the text of one event, of our own stream or of a model's."""
    try:
        data = json.loads(line[6:])
    except ValueError:
        return ""
    if data.get("type") == "token":
        return str(data["content"])
    choices = data.get("choices") or [{}]
    return str(choices[0].get("delta", {}).get("content") or "")


def most_open(streams: list[Heard]) -> int:
    """Return how many streams were open at the same time, at most."""
    changes = sorted([(each.begun, 1) for each in streams] + [(each.ended, -1) for each in streams])
    level, most = 0, 0
    for _, change in changes:
        level += change
        most = max(most, level)
    return most
