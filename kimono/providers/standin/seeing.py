"""What the stand-in sees on a picture: its size and what colour there is most of."""

import base64
import binascii
from collections.abc import Mapping
from io import BytesIO

_NAMES = {
    (255, 0, 0): "red",
    (0, 160, 0): "green",
    (0, 0, 255): "blue",
    (255, 255, 255): "white",
    (0, 0, 0): "black",
    (255, 220, 0): "yellow",
}
_MOST_PIXELS = 10_000_000


def pictures_of(content: object) -> list[bytes]:
    """Return the pictures that a message of the protocol carries as data URLs."""
    found = []
    for part in content if isinstance(content, list) else []:
        image = part.get("image_url") if isinstance(part, Mapping) else None
        url = image.get("url") if isinstance(image, Mapping) else None
        if isinstance(url, str) and url.startswith("data:image/") and ";base64," in url:
            try:
                found.append(base64.b64decode(url.partition(",")[2], validate=True))
            except binascii.Error:
                continue
    return found


def seen(data: bytes) -> str:
    """Return a sentence about a picture."""
    # The stand-in is imported with the providers, wherever they are; hardly anybody shows it a picture.
    from PIL import Image

    try:
        image = Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF"))
        if image.width * image.height > _MOST_PIXELS:
            return "A very large picture."
        mean = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    except (OSError, ValueError, SyntaxError):
        return "A picture that cannot be read."
    red, green, blue = mean if isinstance(mean, tuple) else (0, 0, 0)
    colour = min(_NAMES, key=lambda rgb: (rgb[0] - red) ** 2 + (rgb[1] - green) ** 2 + (rgb[2] - blue) ** 2)
    return f"A {_NAMES[colour]} picture, {image.width} by {image.height} pixels."
