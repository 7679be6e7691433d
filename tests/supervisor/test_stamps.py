"""When a start may skip the preparation."""

import os
from pathlib import Path

from kimono.supervisor.stamps import code_stamp, static_stamp


def checkout(folder: Path) -> Path:
    for name in (
        "requirements.lock",
        "app/models.py",
        "static/base.css",
        "app/static/app/page.js",
        ".venv/lib.py",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return folder


def test_nothing_changed_is_the_same_stamp(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    assert code_stamp(place, {"PORT": "1"}) == code_stamp(place, {"PORT": "1", "TERM": "xterm"})
    assert static_stamp(place) == static_stamp(place)


def test_code_content_port_and_our_variables_change_the_stamp(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    seen = {code_stamp(place, {"PORT": "1"})}
    seen.add(code_stamp(place, {"PORT": "2"}))
    seen.add(code_stamp(place, {"PORT": "1", "KIMONO_DEMO_API_KEY": "x"}))
    os.utime(place / "app/models.py", (1, 1))
    seen.add(code_stamp(place, {"PORT": "1"}))
    (place / "app" / "new.py").write_text("")
    seen.add(code_stamp(place, {"PORT": "1"}))
    (place / "requirements.lock").write_text("2")
    seen.add(code_stamp(place, {"PORT": "1"}))
    assert len(seen) == 6


def test_only_static_files_and_the_lock_change_the_static_stamp(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    before = static_stamp(place)
    os.utime(place / "app/models.py", (1, 1))
    (place / ".venv" / "lib.py").write_text("22")
    assert static_stamp(place) == before
    os.utime(place / "app/static/app/page.js", (1, 1))
    after = static_stamp(place)
    assert after != before
    os.utime(place / "static/base.css", (1, 1))
    assert static_stamp(place) not in (before, after)
