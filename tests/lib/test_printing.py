"""Pages are laid out without reaching a file or a host, and what is missing on the system is said."""

import base64
import contextlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from kimono.lib import printing
from kimono.lib.printing import PrinterMissing, TookTooLong, print_pdf, printer
from kimono.lib.printing.child import closed_fetcher

STYLE = '<style>body { font-family: "Noto Sans CJK SC" }</style>'


@contextlib.contextmanager
def canary() -> Iterator[tuple[str, list[str]]]:
    """Serve an address that nothing should ask for; yields it and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hostile(url: str, file: Path) -> str:
    """Return HTML with every way of getting at a host or a file, as if escaping had failed."""
    here = file.as_uri()
    return f"""
    <html><head><base href="{url}/base/">
    <link rel="stylesheet" href="{url}/link.css"><link rel="attachment" href="{here}" title="secret">
    <link rel="attachment" href="{url}/attachment">
    <style>@import url({url}/import.css); @font-face {{ font-family: x; src: url({url}/font.woff) }}
    p {{ background: url({url}/back.png); font-family: x; list-style-image: url({url}/list.png) }}
    p::before {{ content: url({url}/content.png) }}</style></head>
    <body><p>text</p><img src="{url}/image.png"><img src="{here}"><img src="relative.png">
    <a rel="attachment" href="{here}">file</a><embed src="{url}/embed.svg"><object data="{url}/object.svg"></object>
    <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
    <image href="{url}/svg.png" width="9" height="9"/><use xlink:href="{url}/use.svg#a"/></svg>
    <img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cimage href='{url}/inner.png'/%3E%3C/svg%3E">
    </body></html>"""


def attachments(pdf: bytes) -> int:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return int(document.count_attachments())
    finally:
        document.close()


def test_the_two_attacks_fail(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-7f3a" * 20)
    with canary() as (url, asked):
        pdf = print_pdf(hostile(url, secret))
        assert pdf.startswith(b"%PDF")
        assert attachments(pdf) == 0
        assert asked == []


def test_the_fetcher_alone_stops_them_too(tmp_path: Path) -> None:
    """The child has no network and nobody sees what it asks for; this process has one."""
    from weasyprint import HTML

    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-7f3a" * 20)
    with canary() as (url, asked):
        page = hostile(url, secret)
        assert attachments(HTML(string=page, url_fetcher=closed_fetcher()).write_pdf()) == 0
        assert asked == []
        # The library's own fetcher falls for both, so the attacks above are real ones.
        assert attachments(HTML(string=page).write_pdf()) > 0
        assert len(asked) > 5


def test_what_an_address_holds_itself_is_shown() -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(drawn, "PNG")
    dot = f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    pdf = print_pdf(f'{STYLE}<img src="{dot}" alt="x">')
    document = pypdfium2.PdfDocument(pdf)
    kinds = {each.type for each in document[0].get_objects()}
    document.close()
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE in kinds


def test_the_fonts_are_inside() -> None:
    pdf = print_pdf(f"{STYLE}<p>您好，退货流程如下。</p>")
    document = pypdfium2.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range()
    fonts = {
        (each.get_font().get_base_name(), each.get_font().is_embedded)
        for each in document[0].get_objects()
        if isinstance(each, pypdfium2.PdfTextObj)
    }
    document.close()
    assert "您好，退货流程如下。" in text
    assert [name for name, embedded in fonts if "CJK" in name and embedded]
    assert all(embedded for _, embedded in fonts)


def test_without_a_chinese_font_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    with pytest.raises(PrinterMissing, match="fonts-noto-cjk"):
        print_pdf("<p>您好</p>")
    assert print_pdf("<p>Hello</p>").startswith(b"%PDF")


def test_without_pango_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libpango-1.0.so.0").write_text("no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(PrinterMissing, match=r"libpango-1\.0-0"):
        print_pdf("<p>Hello</p>")


def test_a_start_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printing.missing() == []
    monkeypatch.setattr(printer, "find_library", lambda name: None)
    monkeypatch.setattr(printing.fonts, "folders", lambda: iter(()))
    pango, font = printing.missing()
    assert "libpangoft2-1.0-0" in pango
    assert "fonts-noto-cjk" in font


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(TookTooLong):
        print_pdf("<p>Hello</p>", seconds=0.05)
