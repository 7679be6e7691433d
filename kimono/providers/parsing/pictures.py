"""Images inside documents: kept as files, with their own words as description."""

import re
import uuid
from io import BytesIO
from typing import IO

from PIL import Image, ImageOps

from kimono.providers.parsing import ocr, programs
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft, Limits, Media

_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"RIFF", "image/webp", "webp"),
    (b"GIF8", "image/gif", "gif"),
)
_READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
# Formats that no browser shows and Pillow reads.
_CONVERTED = (b"BM", b"II*\x00", b"MM\x00*")
# What programs write as an alternative text by themselves says nothing about the picture.
_NO_WORDS = re.compile(
    r"(?:图片|圖片|图像|图形|picture|image|graphic|img|screenshot|截图|content placeholder)?\s*\d*(?:\.\w{3,4})?"
    r"|[a-z0-9]+(?:[_-][a-z0-9]+)+(?:\.[a-z]{3,4})?|[\w-]+\.(?:png|jpe?g|gif|webp|bmp|tiff?|emf|wmf)",
    re.IGNORECASE,
)
_TINY = 1024
# Smaller pictures are icons: there is nothing to read on them.
_LEAST_HEIGHT, _LEAST_WIDTH = 24, 80


def keep(
    request: Request,
    draft: Draft,
    name: str,
    file: IO[bytes],
    caption: str = "",
    page: int | None = None,
    *,
    read: bool = True,
) -> None:
    """Add an image block and, when the request has a folder, write the image there under a name of its own.

    A picture without a `caption` is described by what can be read on it, unless `read` is false. Images under 1 KiB are
    ornaments and are left out; formats that cannot be shown and images over the limits are noted as problems.
    """
    limits = request.limits
    data = file.read(limits.max_image_bytes + 1)
    caption = described(caption)
    if len(data) < _TINY and not caption:
        return
    if len(data) > limits.max_image_bytes:
        draft.problem(
            "image_too_large", f"image {name} is larger than {limits.max_image_bytes} bytes", page=page
        )
        return
    try:
        image = opened(data, limits)
    except UnreadableFile as error:
        draft.problem("image_too_large", f"image {name}: {error.message}", page=page)
        return
    if image is not None and data.startswith(_CONVERTED):
        data = _as_png(image)
    found = next(((mime, ending) for magic, mime, ending in _TYPES if data.startswith(magic)), None)
    if found is None:
        draft.problem("image_format", f"image {name} is of a format that cannot be shown", page=page)
        return
    if read and not caption and image is not None:
        caption = _read(image, request)
    media = _written(request, f"{len(draft.media) + 1}-{name}", data, *found)
    draft.media.append(Media(media.name, media.mime, media.size_bytes, page, caption, media.path))
    draft.add("image", caption, page, media=media.name)


def described(text: str) -> str:
    """Return what an alternative text says about a picture on one line; empty when a program made it up."""
    text = " ".join(text.split())
    return "" if _NO_WORDS.fullmatch(text) else text


def opened(data: bytes, limits: Limits) -> Image.Image | None:
    """Return the picture, upright and not decoded yet; None when it is none or damaged.

    Raises `UnreadableFile` when it has more pixels than it may, before any is decoded.
    """
    try:
        image = Image.open(BytesIO(data), formats=_READ)
    except Image.DecompressionBombError as error:
        raise UnreadableFile(_too_many(limits)) from error
    except (OSError, ValueError, SyntaxError):
        return None
    if image.width * image.height > limits.max_pixels:
        raise UnreadableFile(_too_many(limits))
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _too_many(limits: Limits) -> str:
    return f"the image has more than {limits.max_pixels // 1_000_000} million pixels"


def _as_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    (image if image.mode in ("1", "L", "RGB", "RGBA", "P") else image.convert("RGB")).save(buffer, "PNG")
    return buffer.getvalue()


def _read(image: Image.Image, request: Request) -> str:
    """Return the text on a picture, empty when there is none or nobody who reads it."""
    if image.width < _LEAST_WIDTH or image.height < _LEAST_HEIGHT or not programs.has_ocr():
        return ""
    try:
        return ocr.describe(image, request.ocr)
    except (OSError, ValueError, SyntaxError):
        return ""


def _written(request: Request, name: str, data: bytes, mime: str, ending: str) -> Media:
    path = None
    if request.media_dir is not None:
        target = request.media_dir / f"{uuid.uuid4().hex}.{ending}"
        target.write_bytes(data)
        path = str(target)
    return Media(name, mime, len(data), path=path)
