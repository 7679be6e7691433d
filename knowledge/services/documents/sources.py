"""Where a document says it came from: the name by which it is known, and never a path to open."""

import re
import unicodedata

from kimono.lib.cleaning import clean

LONGEST = 255
_DRIVE = re.compile(r"^[A-Za-z]:(?=/|[^/]|$)")


def cleaned(name: str) -> str:
    """Return a name as sent, made harmless: folders stay; `..`, drive letters, leading `/` and unseen characters go.

    `\\` becomes `/`. Empty when nothing is left of it. Source: api.md 6.2.
    """
    text = unicodedata.normalize("NFC", clean(name)).replace("\\", "/").replace("\n", " ").replace("\t", " ")
    while True:
        parts = [part.strip() for part in text.split("/")]
        shorter = "/".join(part for part in parts if part not in ("..", ".")).lstrip("/")
        if _is_drive(shorter):
            shorter = shorter[2:].lstrip("/")
        if shorter == text:
            return text.strip()
        text = shorter


def _is_drive(text: str) -> bool:
    """Tell whether a name begins with a drive letter; a scheme such as `https:` is longer and stays."""
    return bool(_DRIVE.match(text))
