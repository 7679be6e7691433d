"""Draw pictures in a process of its own, which a hostile file may fill, stall or crash without harm to anyone."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from kimono.providers.parsing.child import confine

_THUMBNAIL = (320, 320)
_PAGE_WIDTH = 1400
_MAX_PIXELS = 40_000_000
_READ = ("PNG", "JPEG", "WEBP", "GIF")


def main() -> None:
    """Serve the one request on standard input: write `<number>.webp` for each picture that could be drawn."""
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    confine(parent=request["parent"], limits=request["limits"])
    folder = Path(request["folder"])
    if request["task"] == "page":
        _draw_page(Path(request["path"]), request["page"], folder / "0.webp")
        return
    for place, path in enumerate(request["paths"]):
        with contextlib.suppress(OSError, ValueError, SyntaxError, MemoryError):
            _draw_thumbnail(Path(path), folder / f"{place}.webp")


def _draw_thumbnail(source: Path, target: Path) -> None:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    with Image.open(source, formats=_READ) as image:
        if image.width * image.height > _MAX_PIXELS:
            return
        image.draft("RGB", _THUMBNAIL)
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail(_THUMBNAIL)
        _save(upright, target)


def _draw_page(source: Path, page: int, target: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(source)
    if not 1 <= page <= len(document):
        return
    drawn = document[page - 1]
    width, height = drawn.get_size()
    # A page may claim any size: neither side is drawn larger than this.
    scale = min(_PAGE_WIDTH / max(width, 1.0), 2 * _PAGE_WIDTH / max(height, 1.0), 3.0)
    _save(drawn.render(scale=scale).to_pil(), target)


def _save(image: Any, target: Path) -> None:
    plain = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA" if "A" in image.mode else "RGB")
    aside = target.with_suffix(".part")
    plain.save(aside, "WEBP", quality=80)
    aside.rename(target)
