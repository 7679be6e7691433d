"""Pictures by themselves and inside documents: read by OCR where it is installed, captioned, limited."""

import shutil
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFile, ImageFont

from kimono.providers.parsing import Kind, Limits, Parsed, UnreadableFile, parse, sniff_file
from kimono.providers.parsing.captions import with_captions
from kimono.providers.parsing.pictures import described
from kimono.providers.parsing.shapes import Block, Media

needs_ocr = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def written(words: list[str], size: tuple[int, int] = (900, 240)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(words):
        draw.text((30, 30 + 60 * number), line, fill="black", font=ImageFont.load_default(36))
    return image


def saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


@needs_ocr
@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_the_text_of_a_picture_is_read_and_the_picture_kept(tmp_path: Path, ending: str) -> None:
    path = saved(written(["Returns are free for seven days", "Bring the receipt"]), tmp_path / f"a.{ending}")
    document = parse(path, media_dir=tmp_path)
    text = " ".join(block.text for block in document.blocks)
    assert "Returns are free for seven days" in text and "Bring the receipt" in text
    assert document.kind == ending and document.page_count == 1
    (media,) = document.media
    assert Path(str(media.path)).read_bytes() == path.read_bytes()


@needs_ocr
def test_a_picture_without_text_or_time_has_a_reason(tmp_path: Path) -> None:
    blank = saved(Image.new("RGB", (400, 300), "white"), tmp_path / "a.png")
    with pytest.raises(UnreadableFile, match="no text can be read on the image"):
        parse(blank)
    with pytest.raises(UnreadableFile, match="in time"):
        parse(saved(written(["Some words"]), tmp_path / "b.png"), limits=Limits(ocr_seconds=0))


@needs_ocr
def test_damage_has_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The library that prints takes half pictures, for its whole process; in the parser's own it is never loaded.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    path = saved(written(["Some words"]), tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableFile, match="damaged"):
        parse(path)


@needs_ocr
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\x00" * 7501))
    )
    assert sniff_file(path) is Kind.PNG
    with pytest.raises(UnreadableFile, match="40 million pixels"):
        parse(path)


@needs_ocr
def test_a_picture_in_a_page_is_described_by_what_stands_on_it(tmp_path: Path) -> None:
    file = BytesIO()
    written(["Press the red button"]).save(file, "PNG")
    data = file.getvalue()
    from base64 import b64encode

    path = tmp_path / "a.html"
    path.write_text(
        f"<html><body><p>See below</p><img alt='IMG_2031.png' src='data:image/png;base64,{b64encode(data).decode()}'>"
        "</body></html>"
    )
    document = parse(path, media_dir=tmp_path)
    assert document.blocks[-1].kind == "image" and "Press the red button" in document.blocks[-1].text
    assert document.media[0].caption == document.blocks[-1].text


@pytest.mark.parametrize(
    ("alt", "words"),
    [
        ("退货入口", "退货入口"),
        ("图片 3", ""),
        ("image1.png", ""),
        ("ocr_test", ""),
        ("IMG-2031", ""),
        ("Red kimono", "Red kimono"),
    ],
)
def test_made_up_descriptions_are_none(alt: str, words: str) -> None:
    assert described(alt) == words


def captioned(*texts: str, place: int) -> Parsed:
    blocks = [Block("text", text, order=order) for order, text in enumerate(texts)]
    blocks.insert(place, Block("image", "", media="1-a.png"))
    found, media = with_captions(blocks, [Media("1-a.png", "image/png", 9)])
    return Parsed("docx", found, media=media)


@pytest.mark.parametrize(
    ("caption", "figure", "words"),
    [
        ("图 3 退货入口", "图 3", "退货入口"),
        ("图3-1：退货入口", "图 3-1", "退货入口"),
        ("图3退货入口", "图 3", "退货入口"),
        ("Figure 12. The entrance", "Figure 12", "The entrance"),
        ("Fig. 2", "Figure 2", "Fig. 2"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_caption_beside_a_picture_becomes_its_description(
    caption: str, figure: str, words: str, place: int
) -> None:
    document = captioned(caption, place=place)
    assert [(block.kind, block.text) for block in document.blocks] == [("image", caption)]
    assert (document.media[0].figure, document.media[0].caption) == (figure, words)


@pytest.mark.parametrize(
    "text", ["图 3 展示了退货入口，点击后进入下一步。", "图书馆在左边", "Figures vary.", "如图 3"]
)
def test_a_sentence_about_a_figure_is_no_caption(text: str) -> None:
    document = captioned(text, place=0)
    assert [block.kind for block in document.blocks] == ["image", "text"] and document.media[0].figure == ""
