"""Mails: headers, text in any encoding, attachments read as what they are."""

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image

from kimono.providers.parsing import Kind, Limits, Parsed, UnreadableFile, parse, sniff_file
from tests.providers.parsing.writers import pdf


def mail(subject: str = "退款进度", text: str = "您好，\n退款三天内到账。\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "店长 <a@example.com>", "b@example.com"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0800"
    message.set_content(text)
    return message


def read(tmp_path: Path, message: EmailMessage | bytes, **options: object) -> Parsed:
    path = tmp_path / "a.eml"
    path.write_bytes(message if isinstance(message, bytes) else message.as_bytes())
    assert sniff_file(path) is Kind.EML
    return parse(path, **options)  # type: ignore[arg-type]


def test_attachments_are_read_by_their_kind_under_their_names(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["款式", "租金"])  # type: ignore[union-attr]
    book.active.append(["振袖", 300])  # type: ignore[union-attr]
    sheet = BytesIO()
    book.save(sheet)
    message = mail()
    message.add_attachment(
        "# 规则\n\n七天可退。".encode(), maintype="text", subtype="markdown", filename="规则.md"
    )
    message.add_attachment(
        sheet.getvalue(), maintype="application", subtype="octet-stream", filename="价格.xlsx"
    )
    message.add_attachment(b"\x7fELF" + b"\x00" * 64, maintype="application", subtype="pdf", filename="a.pdf")
    document = read(tmp_path, message)
    assert [(block.kind, block.text, block.section_path) for block in document.blocks] == [
        ("heading", "退款进度", ("退款进度",)),
        (
            "text",
            "From: 店长 <a@example.com>\nTo: b@example.com\nDate: Fri, 20 Nov 2026 10:00:00 +0800",
            ("退款进度",),
        ),
        ("text", "您好，\n退款三天内到账。", ("退款进度",)),
        ("heading", "规则.md", ("规则.md",)),
        ("heading", "规则", ("规则.md", "规则")),
        ("text", "七天可退。", ("规则.md", "规则")),
        ("heading", "价格.xlsx", ("价格.xlsx",)),
        ("table", "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 300 |", ("价格.xlsx",)),
    ]
    (problem,) = document.errors
    assert problem.code == "unsupported_media_type" and problem.message.startswith(
        "attachment a.pdf: This is a program"
    )


def test_a_mail_within_a_mail_and_a_page_of_html(tmp_path: Path) -> None:
    inner = mail("原始订单", "订单号 A-1")
    outer = mail("转发")
    outer.add_alternative(
        "<table><tr><td>商品</td><td>数量</td></tr><tr><td>腰带</td><td>2</td></tr></table>", subtype="html"
    )
    outer.add_attachment(inner)
    texts = [(block.text, block.section_path) for block in read(tmp_path, outer).blocks]
    assert ("| 商品 | 数量 |\n| --- | --- |\n| 腰带 | 2 |", ("转发",)) in texts
    assert ("订单号 A-1", ("attachment 1.eml", "原始订单")) in texts


def test_pictures_in_the_text_are_kept_once(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((70, 50), 90).save(file, "PNG")
    message = mail(text="")
    message.set_content("<p>见图</p><img src='cid:p1' alt='二维码的位置'>", subtype="html")
    message.add_related(file.getvalue(), "image", "png", cid="<p1>", filename="p.png")
    document = read(tmp_path, message, media_dir=tmp_path)
    assert [(block.kind, block.text) for block in document.blocks][-2:] == [
        ("text", "见图"),
        ("image", "二维码的位置"),
    ]
    assert len(document.media) == 1 and document.errors == ()


def test_headers_and_bodies_of_old_programs(tmp_path: Path) -> None:
    raw = (
        "Subject: 直接写的中文\r\nFrom: a@b.c\r\nTo: d@e.f\r\n"
        "Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n尺码镕合适\r\n"
    ).encode("gb18030")
    document = read(tmp_path, raw)
    assert document.blocks[-1].text == "尺码镕合适"


def test_pages_of_an_attachment_are_not_pages_of_the_mail(tmp_path: Path) -> None:
    message = mail()
    path = pdf(tmp_path / "b.pdf", [[("Words of a page in a file", 12, 72, 700)]], unreadable=1)
    message.add_attachment(path.read_bytes(), maintype="application", subtype="pdf", filename="b.pdf")
    document = read(tmp_path, message, limits=Limits(ocr_seconds=0))
    assert all(block.page is None for block in document.blocks)
    assert any("attachment b.pdf: page 2" in problem.message for problem in document.errors)


def test_the_number_and_depth_of_attachments_are_limited(tmp_path: Path) -> None:
    message = mail()
    for number in range(4):
        message.add_attachment(f"Text {number}", filename=f"{number}.txt")
    document = read(tmp_path, message, limits=Limits(max_attachments=3))
    assert [problem.code for problem in document.errors] == ["too_many_attachments"]
    nested = mail("0", "deepest words")
    for depth in range(1, 5):
        outer = mail(str(depth), f"words {depth}")
        outer.add_attachment(nested)
        nested = outer
    document = read(tmp_path, nested)
    text = "\n".join(block.text for block in document.blocks)
    assert "words 1" in text and "deepest" not in text
    assert "files deep" in document.errors[0].message


def test_encrypted_and_empty_mails_have_reasons(tmp_path: Path) -> None:
    head = b"From: a@b.c\r\nTo: d@e.f\r\nDate: x\r\nMIME-Version: 1.0\r\n"
    with pytest.raises(UnreadableFile, match="encrypted"):
        read(tmp_path, head + b'Content-Type: multipart/encrypted; boundary="x"\r\n\r\n--x--\r\n')
