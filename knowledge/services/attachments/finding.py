"""What of a parsed document is worth looking at by itself: its pictures and its tables."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimono.lib import files
from kimono.providers.parsing import Block, Media, Parsed
from knowledge.models import Attachment
from knowledge.services.chunking import VersionText

# A longer table would outweigh the answer that it comes along with; its rows are cited as text.
LONGEST_TABLE = 20_000
MOST = 500
_LONGEST_CAPTION = 2000
_TABLE_CAPTION = re.compile(
    r"(?P<label>(?:附?表格?|table)\s*\d{1,3}(?:[-.–]\d{1,3}){0,2})(?!\d)[\s:：.、—-]*(?P<words>[^\n。]{0,160})\Z",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\A\d+-")


@dataclass(frozen=True, slots=True)
class Found:
    """An attachment before it is stored; `path` is where a picture's bytes lie. `key` tells it from the others."""

    key: str
    kind: str
    name: str
    figure: str
    page: int | None
    order: int
    mime: str
    size_bytes: int
    digest: str
    caption: str
    markdown: str = ""
    path: Path | None = None


def found(parsed: Parsed) -> list[Found]:
    """Return the attachments of a document in reading order, `MOST` at most."""
    ordered = sorted([*_pictures(parsed), *_tables(parsed)], key=lambda item: item.order)
    return ordered[:MOST]


def _pictures(parsed: Parsed) -> Iterator[Found]:
    for media in parsed.media:
        path = Path(media.path) if media.path else None
        if path is None or not path.is_file():
            continue
        yield Found(
            key=media.name,
            kind=Attachment.Kind.IMAGE,
            name=_named(media.figure, media.caption) or _NUMBERED.sub("", media.name)[:80],
            figure=media.figure[:40],
            page=media.page,
            order=media.order,
            mime=media.mime,
            size_bytes=media.size_bytes,
            digest=files.digest(path.read_bytes()),
            caption=_caption(media),
            path=path,
        )


def _caption(media: Media) -> str:
    return media.caption.strip()[:_LONGEST_CAPTION]


def _tables(parsed: Parsed) -> Iterator[Found]:
    for index, block in enumerate(parsed.blocks):
        body = block.text.strip("\n")
        if block.kind != "table" or not body.strip() or len(body) > LONGEST_TABLE:
            continue
        figure, words = _table_caption(parsed.blocks, index)
        section = block.section_path[-1] if block.section_path else ""
        yield Found(
            key=f"table:{index}",
            kind=Attachment.Kind.TABLE,
            name=_named(figure, words) or section[:80] or parsed.title[:80] or "table",
            figure=figure[:40],
            page=block.page,
            order=block.order,
            mime="text/markdown",
            size_bytes=len(body.encode()),
            digest="sha256:" + hashlib.sha256(body.encode()).hexdigest(),
            caption=words,
            markdown=body,
        )


def _table_caption(blocks: tuple[Block, ...], index: int) -> tuple[str, str]:
    """Return the number and the words of the caption that stands above a table or below it."""
    for beside in (index - 1, index + 1):
        if not 0 <= beside < len(blocks) or blocks[beside].kind not in ("text", "heading"):
            continue
        match = _TABLE_CAPTION.match(blocks[beside].text.strip())
        if match:
            return " ".join(match["label"].split()), match["words"].strip()
    return "", ""


def _named(figure: str, caption: str) -> str:
    first = caption.strip().split("\n", 1)[0]
    return " ".join(part for part in (figure, first) if part)[:80]


def owners(parsed: Parsed, cut: VersionText) -> Mapping[int, tuple[str, ...]]:
    """Return, by the index of each chunk, the keys of the attachments that belong to it."""
    owned = {chunk.index: list(chunk.media) for chunk in cut.chunks}
    place = 0
    for index, block in enumerate(parsed.blocks):
        body = block.text.strip("\n")
        if not body.strip():
            continue
        start = cut.text.find(body, place)
        if start < 0:
            continue
        place = start + len(body)
        if block.kind != "table":
            continue
        for chunk in cut.chunks:
            if chunk.start < place and start < chunk.end:
                owned[chunk.index].append(f"table:{index}")
    return {index: tuple(dict.fromkeys(keys)) for index, keys in owned.items() if keys}
