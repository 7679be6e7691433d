"""Draw pictures in a process of its own, which a hostile file may fill, stall or crash without harm to anyone."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from kimono.providers.drawing import marking
from kimono.providers.parsing.child import confine

_THUMBNAIL = (320, 320)
_PAGE_WIDTH = 1400
_MAX_PIXELS = 40_000_000
_FOR_PRINT = (1600, 2400)
_READ = ("PNG", "JPEG", "WEBP", "GIF")


def main() -> None:
    """Serve the one request on standard input: write `<number>.webp` for each picture that could be drawn."""
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    confine(parent=request["parent"], limits=request["limits"])
    folder = Path(request["folder"])
    if request["task"] == "page":
        _draw_page(Path(request["path"]), request["page"], request["words"], folder / "0.webp")
        return
    for place, path in enumerate(request["paths"]):
        # The library raises what it likes for what is broken or far too large; the next picture is drawn all the same.
        with contextlib.suppress(Exception):
            if request["task"] == "print":
                _draw_for_print(Path(path), folder, place)
            else:
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


def _draw_for_print(source: Path, folder: Path, place: int) -> None:
    """Write `<number>-<width>-<height>` as JPEG of a photograph and as PNG of anything else, drawn anew."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    with Image.open(source, formats=_READ) as image:
        if image.width * image.height > _MAX_PIXELS:
            return
        photograph = image.format == "JPEG"
        image.draft("RGB", _FOR_PRINT)
        upright = ImageOps.exif_transpose(image).convert("RGB" if photograph else "RGBA")
    upright.thumbnail(_FOR_PRINT)
    aside = folder / f"{place}.part"
    name = f"{place}-{upright.width}-{upright.height}"
    if photograph:
        upright.save(aside, "JPEG", quality=88)
    else:
        upright.save(aside, "PNG", optimize=True)
    aside.rename(folder / f"{name}.{'jpg' if photograph else 'png'}")


def _draw_page(source: Path, page: int, words: str, target: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(source)
    if not 1 <= page <= len(document):
        return
    drawn = document[(marking.page_with(document, page, words) if words else page) - 1]
    width, height = drawn.get_size()
    # A page may claim any size: neither side is drawn larger than this.
    scale = min(_PAGE_WIDTH / max(width, 1.0), 2 * _PAGE_WIDTH / max(height, 1.0), 3.0)
    image = drawn.render(scale=scale).to_pil()
    found = marking.boxes(drawn, words) if words else []
    _save(marking.marked(image, drawn, found) if found else image, target)


def _save(image: Any, target: Path) -> None:
    plain = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA" if "A" in image.mode else "RGB")
    aside = target.with_suffix(".part")
    plain.save(aside, "WEBP", quality=80)
    aside.rename(target)
