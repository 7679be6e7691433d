"""Where a font with Chinese characters lies on this system."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kimono.lib.errors import Unavailable

# File, number inside a collection, family; the best first.
_KNOWN = (
    ("NotoSansCJK-Regular.ttc", 2, "Noto Sans CJK SC"),
    ("NotoSansCJKsc-Regular.otf", 0, "Noto Sans CJK SC"),
    ("NotoSansSC-Regular.otf", 0, "Noto Sans SC"),
    ("NotoSansSC-Regular.ttf", 0, "Noto Sans SC"),
    ("SourceHanSansSC-Regular.otf", 0, "Source Han Sans SC"),
    ("SourceHanSansCN-Regular.otf", 0, "Source Han Sans CN"),
    ("wqy-microhei.ttc", 0, "WenQuanYi Micro Hei"),
)


class FontMissing(Unavailable):
    """The system has no font with Chinese characters that could be put into a file."""

    detail = (
        "PDF and Word files need a font with Chinese characters, which is not installed on the server."
        " On Debian or Ubuntu: apt-get install fonts-noto-cjk. JSON and CSV work without it."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=3600)


@dataclass(frozen=True, slots=True)
class Font:
    """A font file of the system; `number` is its place inside a collection."""

    path: Path
    number: int
    family: str


def folders() -> Iterator[Path]:
    """Yield the folders in which systems keep fonts."""
    home = Path(os.environ.get("HOME", "/"))
    yield from (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
        Path("/Library/Fonts"),
        home / "Library/Fonts",
    )


def find() -> Font:
    """Return the best font with Chinese characters. Raises `FontMissing`."""
    ranks = {name: rank for rank, (name, _, _) in enumerate(_KNOWN)}
    found = [
        path for folder in folders() if folder.is_dir() for path in folder.rglob("*") if path.name in ranks
    ]
    if not found:
        raise FontMissing
    best = min(found, key=lambda path: ranks[path.name])
    _, number, family = _KNOWN[ranks[best.name]]
    return Font(best, number, family)
