"""Pictures for paper are drawn anew in a child process, and a hostile one is left out."""

import io
from pathlib import Path

from PIL import Image, PngImagePlugin

from kimono.providers.drawing import draw_for_print, draw_thumbnails


def test_pictures_are_drawn_anew_and_hostile_ones_are_left_out(tmp_path: Path) -> None:
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "hidden words")
    Image.new("RGBA", (3000, 100), (255, 0, 0, 90)).save(tmp_path / "wide", "PNG", pnginfo=hidden)
    Image.new("RGB", (60, 40), "red").save(tmp_path / "photo", "JPEG")
    Image.new("RGB", (50, 30), "blue").save(tmp_path / "web", "WEBP")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge", "PNG")
    (tmp_path / "vector").write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    (tmp_path / "cut").write_bytes((tmp_path / "wide").read_bytes()[:60])
    drawn = draw_for_print([tmp_path / name for name in ("wide", "photo", "huge", "vector", "web", "cut")])
    assert {path.name: (each.mime, each.width, each.height) for path, each in drawn.items()} == {
        "wide": ("image/png", 1600, 53),
        "photo": ("image/jpeg", 60, 40),
        "web": ("image/png", 50, 30),
    }
    for picture in drawn.values():
        with Image.open(io.BytesIO(picture.content)) as image:
            assert (image.width, image.height) == (picture.width, picture.height)
    assert b"hidden words" not in drawn[tmp_path / "wide"].content
    assert draw_for_print([]) == {}
    assert set(draw_thumbnails([tmp_path / "huge", tmp_path / "web"])) == {tmp_path / "web"}
