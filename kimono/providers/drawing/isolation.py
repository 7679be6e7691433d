"""The parent's side of drawing in a child process."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
    return {path: drawn[str(place)] for place, path in enumerate(paths) if str(place) in drawn}


def draw_page(path: Path, page: int) -> bytes | None:
    """Return page `page` (from one) of the PDF at `path` as a WebP picture, or None when it cannot be drawn. Blocks.

    It is at most 1400 pixels wide.
    """
    return _asked({"task": "page", "path": str(path.resolve()), "page": page}).get("0")


def _asked(request: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what the child has drawn, by number; nothing when it died, as it does of a hostile file."""
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
        return {path.stem: path.read_bytes() for path in Path(folder).glob("*.webp")}
