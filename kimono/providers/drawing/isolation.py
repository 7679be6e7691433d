"""The parent's side of drawing in a child process."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import kimono

_ROOT = Path(kimono.__file__).resolve().parent.parent
_PROVIDERS = Path(__file__).resolve().parent.parent
# Without the package above, which would load every vendor's client.
_START = (
    "import sys, types; package = types.ModuleType('kimono.providers'); package.__path__ = [sys.argv[1]];"
    " sys.modules['kimono.providers'] = package; from kimono.providers.drawing.child import main; main()"
)
_SECONDS = 20.0
_MEMORY_BYTES = 1024 * 1024 * 1024


def draw_thumbnails(paths: Sequence[Path]) -> Mapping[Path, bytes]:
    """Return a small WebP picture of each image of `paths`; one that cannot be drawn is left out. Blocks.

    Their longest side is 320 pixels.
    """
    if not paths:
        return {}
    drawn = _asked({"task": "thumbnails", "paths": [str(path.resolve()) for path in paths]})
    return {path: drawn[f"{place}.webp"] for place, path in enumerate(paths) if f"{place}.webp" in drawn}


@dataclass(frozen=True, slots=True)
class Printable:
    """A picture that every reader of PDF and Word files can show, with its size in pixels."""

    content: bytes
    mime: Literal["image/png", "image/jpeg"]
    width: int
    height: int


def draw_for_print(paths: Sequence[Path]) -> Mapping[Path, Printable]:
    """Return each image of `paths` as PNG or JPEG; one that cannot be drawn is left out. Blocks.

    They are drawn anew, at most 1600 pixels wide, so that nothing that hides in a file comes along.
    """
    if not paths:
        return {}
    drawn = _asked({"task": "print", "paths": [str(path.resolve()) for path in paths]}, ("png", "jpg"))
    found = {}
    for name, content in drawn.items():
        place, width, height = (int(part) for part in name.partition(".")[0].split("-"))
        mime: Literal["image/png", "image/jpeg"] = "image/png" if name.endswith("png") else "image/jpeg"
        found[paths[place]] = Printable(content, mime, width, height)
    return found


def draw_page(path: Path, page: int, words: str = "") -> bytes | None:
    """Return page `page` (from one) of the PDF at `path` as a WebP picture, or None when it cannot be drawn. Blocks.

    It is at most 1400 pixels wide. `words` are marked where they stand; it is the page after it, or the one after that,
    when they begin there.
    """
    asked = {"task": "page", "path": str(path.resolve()), "page": page, "words": words}
    return _asked(asked).get("0.webp")


def _asked(request: Mapping[str, Any], endings: Sequence[str] = ("webp",)) -> dict[str, bytes]:
    """Return what the child has drawn, by name; nothing when it died, as it does of a hostile file."""
    with tempfile.TemporaryDirectory(prefix="kimono-draw-") as folder:
        given = {
            **request,
            "folder": folder,
            "parent": os.getpid(),
            "limits": {"memory_bytes": _MEMORY_BYTES, "cpu_seconds": int(_SECONDS)},
        }
        # What was finished in time is whole: each picture is renamed when it is complete.
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-s", "-c", _START, str(_PROVIDERS)],
                input=json.dumps(given).encode() + b"\n",
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    "PYTHONPATH": str(_ROOT),
                    "HOME": folder,
                },
                start_new_session=True,
                timeout=_SECONDS,
                check=False,
            )
        found = [path for path in Path(folder).iterdir() if path.suffix[1:] in endings]
        return {path.name: path.read_bytes() for path in found}
