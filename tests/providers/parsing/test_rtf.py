"""Rich text: encodings, headings, lists, tables, pictures; hidden text, headers and footers stay out."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from kimono.providers.parsing import Kind, Parsed, UnreadableFile, parse, sniff_file


def read(tmp_path: Path, body: bytes, **options: object) -> Parsed:
    path = tmp_path / "a.rtf"
    path.write_bytes(body)
    assert sniff_file(path) is Kind.RTF
    return parse(path, **options)  # type: ignore[arg-type]


def escaped(text: str, encoding: str = "gb18030") -> bytes:
    return b"".join(b"\\'%02x" % byte for byte in text.encode(encoding))


def kinds(document: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


def test_styles_make_headings_and_code_pages_make_words(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        b"{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fcharset134 SimSun;}{\\f1\\fcharset204 Arial;}}"
        b"{\\stylesheet{\\ql Normal;}{\\s1\\b heading 1;}{\\s2 " + escaped("标题") + b" 2;}}"
        b"{\\info{\\title " + escaped("租借手册") + b"}{\\author Somebody}}"
        b"{\\header \\pard Running head\\par}{\\footer \\pard Page 1\\par}"
        b"\\pard\\s1 " + escaped("第一部分") + b"\\par"
        b"\\pard\\s2 " + escaped("押金") + b"\\par"
        b"\\pard\\plain " + escaped("押金 500 元。") + b"\\line \\u36864 ?\\u-28712\\'3f\\par"
        b"\\pard {\\f1 " + escaped("Привет", "cp1251") + b"}\\emdash  ok\\par}",
    )
    assert kinds(document) == [
        ("heading", "第一部分"),
        ("heading", "押金"),
        ("text", "押金 500 元。\n退还"),
        ("text", "Привет— ok"),
    ]
    assert document.title == "租借手册"
    assert document.blocks[2].section_path == ("第一部分", "押金")


def test_tables_lists_and_footnotes(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        b"{\\rtf1\\ansi\\pard{\\listtext 1.\\tab}Choose a size\\par\\pard{\\pntext\\'b7\\tab}Pay\\par"
        b"\\trowd\\cellx1000\\cellx2000\\pard\\intbl Style\\cell Price\\cell\\row"
        b"\\trowd\\clvmgf\\cellx1000\\cellx2000\\pard\\intbl Furisode\\cell 300{\\*\\bkmkstart x}\\cell\\row"
        b"\\trowd\\clvmrg\\cellx1000\\cellx2000\\pard\\intbl \\cell 280\\par with tax\\cell\\row"
        b"\\pard After{\\super\\chftn}{\\footnote\\pard\\plain A note.\\par} the table\\par}",
    )
    assert kinds(document) == [
        ("list", "1. Choose a size\n- Pay"),
        ("table", "| Style | Price |\n| --- | --- |\n| Furisode | 300 |\n| Furisode | 280 with tax |"),
        ("text", "After the table"),
        ("text", "A note."),
    ]


def test_hidden_and_deleted_text_and_field_codes_stay_out(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        b"{\\rtf1 Seen {\\v HIDDEN}{\\deleted GONE}\\v MORE\\v0 text "
        b'{\\field{\\*\\fldinst HYPERLINK "http://x"}{\\fldrslt link}}{\\*\\unknown NOTHING}\\par}',
    )
    assert kinds(document) == [("text", "Seen text link")]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"Seen {\\cf2 UNSEEN}text\\par", "Seen text"),
        (b"Seen \\cf2 UNSEEN\\plain text\\par", "Seen text"),
        (b"Seen {\\cf1 red}\\par", "Seen red"),
        (b"Seen {\\cf2\\highlight1 bright}\\par", "Seen bright"),
        (b"\\pard\\cbpat1 Seen {\\plain\\cf2 bright}\\par", "Seen bright"),
        (b"{\\*\\background {\\*\\shpinst x}}Seen {\\cf2 bright}\\par", "Seen bright"),
        (b"\\trowd\\cellx900\\pard\\intbl\\cf2 bright\\cell\\row", "bright"),
    ],
)
def test_white_text_stays_out_where_its_ground_is_white(tmp_path: Path, body: bytes, shown: str) -> None:
    colours = b"{\\colortbl;\\red255\\green0\\blue0;\\red255\\green255\\blue255;}"
    assert shown in (
        text := "".join(words for _, words in kinds(read(tmp_path, b"{\\rtf1 " + colours + body + b"}")))
    )
    assert "UNSEEN" not in text


def test_an_unknown_code_page_is_read_as_the_usual_one(tmp_path: Path) -> None:
    document = read(tmp_path, b"{\\rtf1\\ansi\\ansicpg99 caf\\'e9\\par}")
    assert kinds(document) == [("text", "café")]


def test_characters_beyond_the_first_plane_and_pictures(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((70, 40), 90).save(file, "PNG")
    data = file.getvalue()
    document = read(
        tmp_path,
        b"{\\rtf1 \\u-10179 ?\\u-8704 ? ok\\par{\\*\\shppict{\\pict\\pngblip\\picw70 "
        + data.hex().encode()
        + b"}}{\\nonshppict{\\pict\\wmetafile8 00}}{\\pict\\pngblip\\bin%d " % len(data)
        + data
        + b"}\\pard Figure 2: the entrance\\par}",
        media_dir=tmp_path,
    )
    assert document.blocks[0].text == "\U0001f600 ok"
    assert [Path(str(media.path)).read_bytes() for media in document.media] == [data, data]
    assert document.media[1].figure == "Figure 2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{\\rtf1 }", "no text"),
        (b"{\\rtf1 " + b"{" * 5000, "nested too deeply"),
        (b"{\\rtf1\\bin99999999999 x", "no text"),
    ],
)
def test_emptiness_and_depth_have_reasons(tmp_path: Path, body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(tmp_path, body)
