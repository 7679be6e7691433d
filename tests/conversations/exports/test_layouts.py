"""Files that leave have their pictures, tables, formulas and characters in their places."""

import io
import re
import zipfile

import pytest
from docx import Document
from PIL import Image

from conversations.models import Conversation
from conversations.services import exports
from conversations.services.exports import fonts
from kimono.lib import db, files
from kimono.lib.ids import new_id
from kimono.lib.printing import fonts as system_fonts
from tenants.models import Tenant
from tests.conversations.exported import (
    ANSWER,
    CITATIONS,
    QUESTION,
    bare,
    begun,
    citation,
    docx_text,
    pdf_text,
    said,
    talked,
)
from tests.conversations.exports.taking import READERS, fetched, pictures_in, visitor_of
from tests.tenants.doors import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def test_pictures_and_tables_come_in_reading_order(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, bare_shop: Tenant
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(drawn, "WEBP")

    class Stored:
        def content(self, attachment_id: str) -> bytes | None:
            return {"att-1": drawn.getvalue(), "att-3": b"no picture"}.get(attachment_id)

    monkeypatch.setattr(exports, "StoredPictures", lambda for_contact: Stored())
    table = "| 项目 | 金额 |\n| --- | --- |\n| 快递 | 10 元 |"
    attachments = [
        {
            "id": "att-2",
            "kind": "table",
            "name": "运费",
            "figure": "表 1",
            "page": 7,
            "n": 1,
            "markdown": table,
        },
        {"id": "att-1", "kind": "image", "name": "图 3 退货入口", "figure": "图 3", "page": 2, "n": 1},
        {"id": "att-3", "kind": "image", "name": "坏图", "figure": "图 9", "page": 9, "n": 1},
        {"id": "att-4", "kind": "formula", "name": "违约金", "page": 3, "n": 1, "latex": r"p = \frac{a}{2}"},
    ]
    row = begun()
    said(row, "visitor", QUESTION)
    message = said(row, "bot", "看图 [1] 和表 [2]。", citations=CITATIONS, attachments=attachments)
    order = ("图3–退货入口–退货政策–第2页[1]", "公式–违约金–退货政策–第3页[1]", "表1–运费–退货政策–第7页[1]",
             "图9–坏图–退货政策–第9页[1]", "表2–价目–第5页[2]")  # fmt: skip
    for format, read in READERS.items():
        made = fetched(staff, f"chat/messages/{message.public_id}/export?format={format}").content
        text = read(made)
        places = [text.index(bare(words)) for words in order]
        assert places == sorted(places), format
        assert text.index("快递10元") < text.index(order[2])
        assert bare("退货政策 – 2.1 七天无理由 – 第 2 页 – 表 1 – 图 3 – 图 9 –") in text
        if format == "docx":
            assert len(Document(io.BytesIO(made)).inline_shapes) == 1


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_stored_pictures_come_along_for_those_who_may_see_them(
    format: str, alpha: Tenant, staff: Caller
) -> None:
    from knowledge.models import Attachment, QAPair
    from tests.knowledge.filling import add_pair

    contact, session_id = visitor_of(alpha)
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(drawn, "PNG")
    with db.tenant_scope(alpha):
        pair = add_pair("退货入口在哪里？", "看图。")
        kept = Attachment.objects.create(
            public_id=new_id("att"), pair=pair, kind="image", name="入口", mime="image/png", digest="sha256:0",
            file_key=files.store(drawn.getvalue(), kind="attachments"),
        )  # fmt: skip
        row = Conversation.objects.get(public_id=session_id)
        said(row, "visitor", "退货入口在哪里？")
        source = citation(kind="qa", qa_id=pair.public_id, doc_id=None, title=pair.question, page=None)
        shown = [
            {"id": each, "kind": "image", "name": "入口", "page": None, "figure": None, "n": 1}
            for each in (kept.public_id, "att-gone")
        ]
        message = said(row, "bot", "看图 [1]。", citations=[source], attachments=shown)
    path = f"chat/messages/{message.public_id}/export?format={format}"
    for caller in (contact, staff):
        assert pictures_in(format, fetched(caller, path).content) == 1
    with db.tenant_scope(alpha):
        QAPair.objects.filter(pk=pair.pk).update(enabled=False)
    assert pictures_in(format, fetched(contact, path).content) == 0
    assert pictures_in(format, fetched(staff, path).content) == 1
    assert bare("图 – 入口 – 退货入口在哪里？ [1]") in READERS[format](fetched(contact, path).content)


def test_formulas_are_formulas(staff: Caller, bare_shop: Tenant) -> None:
    row = begun()
    words = "面积为 $r^2$，折扣\n\n$$x = \\frac{a+b}{2} \\le \\sqrt{\\alpha}$$\n\n价格是 $5 和 $10，坏的 $\\frac{$。"
    message = said(row, "bot", words)
    pdf = fetched(staff, f"chat/messages/{message.public_id}/export?format=pdf").content
    text = pdf_text(pdf)
    assert "≤√α" in text
    assert "frac{a" not in text
    assert "价格是$5和$10" in text
    docx = fetched(staff, f"chat/messages/{message.public_id}/export?format=docx").content
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        xml = archive.read("word/document.xml").decode()
    assert xml.count("<m:oMath>") == 2
    for part in ("<m:f>", "<m:num>", "<m:rad>", "<m:sSup>"):
        assert part in xml
    assert "≤" in docx_text(docx)


def test_word_files_bring_their_chinese_characters(staff: Caller, bare_shop: Tenant) -> None:
    from fontTools.ttLib import TTFont

    _, _, message = talked()
    docx = fetched(staff, f"chat/messages/{message.public_id}/export?format=docx").content
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        table, settings = (
            archive.read("word/fontTable.xml").decode(),
            archive.read("word/settings.xml").decode(),
        )
        content = archive.read("word/fonts/font1.odttf")
        styles = archive.read("word/styles.xml").decode()
    family, key = re.search(
        r'<w:font w:name="([^"]+)">(?:(?!</w:font>).)*fontKey="\{([^}]+)\}"', table, re.S
    ).groups()  # type: ignore[union-attr]
    mask = bytes.fromhex(key.replace("-", ""))[::-1]
    clear = bytes(byte ^ mask[place % 16] for place, byte in enumerate(content[:32])) + content[32:]
    font = TTFont(io.BytesIO(clear))
    assert "glyf" in font
    assert {ord(character) for character in bare(QUESTION + ANSWER) if character != "*"} <= set(
        font.getBestCmap()
    )
    assert font["name"].getDebugName(1) == family
    # Fonts of one name are one font to LibreOffice: with another file open, characters were boxes.
    other = fonts.family_for(system_fonts.find(), "别的文字")
    assert other != family
    assert other[:-8] == family[:-8]
    assert f'w:eastAsia="{family}"' in styles
    assert "<w:embedTrueTypeFonts/>" in settings
