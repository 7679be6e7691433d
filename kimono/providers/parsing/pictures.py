"""Images inside documents: kept as files, with their own words as description."""

import re
import uuid
from typing import IO

from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft, Media

_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"RIFF", "image/webp", "webp"),
    (b"GIF8", "image/gif", "gif"),
)
# What programs write as an alternative text by themselves says nothing about the picture.
_NO_WORDS = re.compile(
    r"(?:图片|圖片|图像|picture|image|graphic|img|screenshot|截图)?\s*\d*(?:\.\w{3,4})?", re.IGNORECASE
)
_TINY = 1024


def keep(
    request: Request, draft: Draft, name: str, file: IO[bytes], caption: str = "", page: int | None = None
) -> None:
    """Add an image block and, when the request has a folder, write the image there under a name of its own.

    Images under 1 KiB are ornaments and are left out; formats that no browser shows and images over the limit are
    noted as problems.
    """
    data = file.read(request.limits.max_image_bytes + 1)
    caption = described(caption)
    if len(data) < _TINY and not caption:
        return
    if len(data) > request.limits.max_image_bytes:
        draft.problem(
            "image_too_large",
            f"image {name} is larger than {request.limits.max_image_bytes} bytes",
            page=page,
        )
        return
    found = next(((mime, ending) for magic, mime, ending in _TYPES if data.startswith(magic)), None)
    if found is None:
        draft.problem("image_format", f"image {name} is of a format that cannot be shown", page=page)
        return
    mime, ending = found
    path = None
    if request.media_dir is not None:
        target = request.media_dir / f"{uuid.uuid4().hex}.{ending}"
        target.write_bytes(data)
        path = str(target)
    unique = f"{len(draft.media) + 1}-{name}"
    draft.media.append(Media(unique, mime, len(data), page, caption, path))
    draft.add("image", caption, page, media=unique)


def described(text: str) -> str:
    """Return what an alternative text says about a picture on one line; empty when a program made it up."""
    text = " ".join(text.split())
    return "" if _NO_WORDS.fullmatch(text) else text
