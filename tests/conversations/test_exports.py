"""Answers and conversations leave as files that say what was said, and nothing else (CH-13, CH-14)."""

import csv
import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pypdfium2
import pytest
from docx import Document
from PIL import Image

from conversations.models import Conversation, ConversationEvent, Message
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
    pages,
    pdf_text,
    said,
    talked,
)
from tests.lib.test_printing import canary
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)
READERS = {"pdf": pdf_text, "docx": docx_text}
LABELS = ("退货政策–2.1七天无理由–第2页–", "价目–附录–第5页–表2–")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture
def staff(alpha: Tenant, new_key: Callable[..., str]) -> Caller:
    return at(alpha, X_API_Key=new_key(alpha))


@pytest.fixture
def shop(alpha: Tenant) -> Iterator[Tenant]:
    with db.tenant_scope(alpha):
        yield alpha


def visitor_of(tenant: Tenant) -> tuple[Caller, str]:
    """Return a visitor with a conversation of its own."""
    opened = at(tenant, Origin=f"http://{tenant.slug}.localhost").post("chat/sessions", {"channel": "web"})
    body = opened.json()
    return at(tenant, Authorization=f"Bearer {body['visitor_token']}"), body["session_id"]


def fetched(caller: Caller, path: str) -> Any:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.content
    return answer


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_an_answer_leaves_with_its_question_and_references(format: str, staff: Caller, shop: Tenant) -> None:
    _, _, message = talked()
    answer = fetched(staff, f"chat/messages/{message.public_id}/export?format={format}")
    assert answer["Content-Type"] == exports.MIME[format]
    text = READERS[format](answer.content)
    for words in (
        QUESTION,
        "您好，退货流程如下 [1]：",
        "申请退货：选择原因。",
        "费用见价目表 [2]。",
        *LABELS,
    ):
        assert bare(words) in text, words
    assert bare("“签收后 7 天内可申请退货，商品须完好。”") in text
    assert text.index("[1]" + bare(LABELS[0])) < text.index("[2]" + bare(LABELS[1]))
    assert "**" not in text
    # The cited table stands under the references as a table, with its number and page.
    assert (
        text.index(bare(LABELS[1])) < text.index("振袖260元") < text.index(bare("表 2 – 价目 – 第 5 页 [2]"))
    )
    assert "|" not in text


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_a_conversation_leaves_with_who_said_what_and_when(format: str, staff: Caller, shop: Tenant) -> None:
    row, question, _ = talked()
    said(row, "system", "正在为您转接人工客服")
    said(row, "agent", "您好，我是**小王**。", agent_id="usr-1", agent_name="小王")
    answer = fetched(staff, f"chat/sessions/{row.public_id}/export?format={format}")
    text = READERS[format](answer.content)
    places = [
        text.index(bare(words)) for words in (QUESTION, "您好，退货流程如下", "正在为您转接", "我是小王。")
    ]
    assert places == sorted(places)
    head = text[: text.index(bare(QUESTION))]
    for words in (row.public_id, "对话记录", "状态", "开始时间"):
        assert bare(words) in head, words
    assert bare(shop.name) in head
    if format == "docx":
        assert bare(shop.name) in docx_parts(answer.content, "header")
        assert docx_parts(answer.content, "footer").count("1/1") == 2
    assert text.count(bare(f"{local(question)}")) >= 2
    assert bare(LABELS[0]) in text


def local(message: Message) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(message.created_at):%Y-%m-%d %H:%M}"


def docx_parts(docx: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        parts = [archive.read(each).decode() for each in archive.namelist() if f"/{name}" in each]
    return bare(re.sub(r"<[^>]+>", "", "".join(parts)))


@pytest.mark.parametrize("format", ["pdf", "docx", "json", "csv"])
def test_a_contact_takes_its_own_without_internals(format: str, alpha: Tenant, staff: Caller) -> None:
    contact, session_id = visitor_of(alpha)
    with db.tenant_scope(alpha):
        row = Conversation.objects.get(public_id=session_id)
        Conversation.objects.filter(pk=row.pk).update(
            metadata={"member_level": "INTERNAL-gold"}, tags=["INTERNAL-tag"], failed_attempts=2
        )
        said(row, "visitor", QUESTION)
        said(row, "bot", ANSWER, citations=CITATIONS)
        row.refresh_from_db()
        ConversationEvent.objects.create(
            conversation=row, seq=row.last_seq + 1, type="note", audience="agents",
            payload={"content": "INTERNAL-note"}, created_at=row.created_at,
        )  # fmt: skip
    made = fetched(contact, f"chat/sessions/{session_id}/export?format={format}").content
    shown = READERS.get(format, lambda content: content.decode("utf-8-sig"))(made)
    assert bare(QUESTION) in bare(shown)
    for inner in ("INTERNAL", "0.9137", "0.8842", '"score"', "failed_attempts", "agent_id", "member_level"):
        assert inner not in shown, inner
    if format == "json":
        by_staff = fetched(staff, f"chat/sessions/{session_id}/export?format=json").json()
        assert by_staff["messages"][1]["citations"][0]["score"] == 0.9137
        assert by_staff["session"]["tags"] == ["INTERNAL-tag"]
        assert "INTERNAL-note" not in str(by_staff)
        assert "sig=" in json.loads(made)["messages"][1]["citations"][0]["url"]


def test_json_is_the_session_and_its_messages(staff: Caller, shop: Tenant) -> None:
    row, _, message = talked()
    body = fetched(staff, f"chat/sessions/{row.public_id}/export?format=json").json()
    assert body["session"] == staff.get(f"chat/sessions/{row.public_id}").json()
    assert body["messages"] == staff.get(f"chat/sessions/{row.public_id}/messages").json()["items"]
    assert body["messages"][1]["message_id"] == message.public_id


def test_csv_has_a_mark_columns_and_no_formulas(staff: Caller, shop: Tenant) -> None:
    row = begun()
    for words in ("=1+1", "+86 1", "-1", "@SUM(A1)", "  =2", '平常的话, "引号"\n第二行'):
        said(row, "visitor", words)
    said(row, "bot", ANSWER, citations=CITATIONS)
    content = fetched(staff, f"chat/sessions/{row.public_id}/export?format=csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert head == ["seq", "created_at", "author", "agent_name", "content", "citations"]
    written = [line[4] for line in lines]
    assert written[:5] == ["'=1+1", "'+86 1", "'-1", "'@SUM(A1)", "'  =2"]
    assert written[5] == '平常的话, "引号"\n第二行'
    assert lines[6][0] == "7"
    assert "[1] 退货政策" in lines[6][5]


def test_names_are_in_both_alphabets(staff: Caller, shop: Tenant) -> None:
    row, _, message = talked()
    for path, ascii_name, word in (
        (f"chat/sessions/{row.public_id}/export?format=csv", f"conversation-{row.public_id}.csv", "对话"),
        (f"chat/messages/{message.public_id}/export?format=docx", f"answer-{message.public_id}.docx", "回答"),
    ):
        header = fetched(staff, path)["Content-Disposition"]
        found = re.fullmatch(r"attachment; filename=\"([ -~]+)\"; filename\*=UTF-8''([!-~]+)", header)
        assert found, header
        assert found[1] == ascii_name
        assert word in unquote(found[2])
        assert unquote(found[2]).startswith(shop.name)


def test_only_answers_are_exported_one_by_one(staff: Caller, shop: Tenant) -> None:
    row, question, _ = talked()
    system = said(row, "system", "转接")
    for message in (question, system):
        answer = staff.get(f"chat/messages/{message.public_id}/export?format=pdf")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_exportable")
    agents = said(row, "agent", "可以的。", agent_id="usr-1", agent_name="小王")
    made = fetched(staff, f"chat/messages/{agents.public_id}/export?format=docx")
    assert bare("可以的。") in docx_text(made.content)


@pytest.mark.parametrize("query", ["", "?format=", "?format=xlsx", "?format=PDF"])
def test_a_format_must_be_named(query: str, staff: Caller, shop: Tenant) -> None:
    row, _, message = talked()
    for path in (f"chat/sessions/{row.public_id}/export", f"chat/messages/{message.public_id}/export"):
        answer = staff.get(path + query)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["query", "format"]
    assert staff.get(f"chat/messages/{message.public_id}/export?format=csv").status_code == 422
    assert staff.get(f"chat/sessions/sess-unknown/export{query}").status_code == 422


def test_what_is_not_ones_own_is_not_there(alpha: Tenant, beta: Tenant, new_key: Callable[..., str]) -> None:
    contact, own = visitor_of(alpha)
    with db.tenant_scope(alpha):
        row, question, message = talked()
    other = at(beta, X_API_Key=new_key(beta))
    for caller in (contact, other):
        for path in (
            f"chat/sessions/{row.public_id}/export?format=pdf",
            f"chat/messages/{message.public_id}/export?format=pdf",
            f"chat/messages/{question.public_id}/export?format=pdf",
            "chat/messages/msg-unknown/export?format=pdf",
        ):
            answer = caller.get(path)
            assert (answer.status_code, answer.json()["detail"]) == (404, "Not found."), path
    assert at(alpha).get(f"chat/sessions/{own}/export?format=csv").status_code == 401


def test_the_two_attacks_through_what_is_said_fail(tmp_path: Path, staff: Caller, shop: Tenant) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-7f3a")
    with canary() as (url, asked):
        attack = (
            f'<img src="{url}/a"><link rel="attachment" href="{secret.as_uri()}"><style>@import url({url}/b);</style>'
            f"</title></style><iframe src={url}/c></iframe> ![图]({url}/d) ![x]({secret.as_uri()})"
            f" [链接]({url}/e) [1]: {url}/f {{{{ 7|add:7 }}}}"
        )
        row = begun()
        said(row, "visitor", attack)
        hostile = citation(1, title=attack[:400], section=attack[:200], quote=attack, source=attack)
        picture = {
            "id": f"{url}/g",
            "kind": "image",
            "name": attack,
            "url": f"{url}/h",
            "n": 1,
            "figure": attack[:90],
        }
        message = said(row, "bot", attack + " [1]", citations=[hostile], attachments=[picture])
        for path in (f"messages/{message.public_id}", f"sessions/{row.public_id}"):
            for format in ("pdf", "docx"):
                made = fetched(staff, f"chat/{path}/export?format={format}").content
                text = READERS[format](made)
                assert "TOP-SECRET" not in text
                assert "{{7|add:7}}" in text
                assert bare("<img src=") in text
        assert asked == []


def test_pictures_and_tables_come_in_reading_order(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, shop: Tenant
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


def pictures_in(format: str, content: bytes) -> int:
    if format == "docx":
        return len(Document(io.BytesIO(content)).inline_shapes)
    document = pypdfium2.PdfDocument(content)
    kinds = [each.type for page in document for each in page.get_objects()]
    document.close()
    return kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE)


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


def test_formulas_are_formulas(staff: Caller, shop: Tenant) -> None:
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


def test_word_files_bring_their_chinese_characters(staff: Caller, shop: Tenant) -> None:
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


def test_without_a_chinese_font_a_word_file_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, shop: Tenant
) -> None:
    monkeypatch.setattr("kimono.lib.printing.fonts.folders", lambda: iter(()))
    row, _, message = talked()
    answer = staff.get(f"chat/messages/{message.public_id}/export?format=docx")
    assert answer.status_code == 503
    assert "fonts-noto-cjk" in answer.json()["detail"]
    assert answer["Retry-After"]
    assert staff.get(f"chat/sessions/{row.public_id}/export?format=json").status_code == 200


def test_what_is_too_long_to_lay_out_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, shop: Tenant
) -> None:
    monkeypatch.setattr(exports, "MOST_PRINTED", 1)
    row, _, _ = talked()
    answer = staff.get(f"chat/sessions/{row.public_id}/export?format=pdf")
    assert answer.status_code == 422
    [problem] = answer.json()["detail"]
    assert problem["loc"] == ["query", "format"]
    assert "json or csv" in problem["msg"]
    assert staff.get(f"chat/sessions/{row.public_id}/export?format=csv").status_code == 200


@pytest.mark.parametrize(("format", "work"), [("pdf", "_pdf"), ("docx", "_docx")])
def test_no_file_is_made_on_the_event_loop(
    format: str, work: str, monkeypatch: pytest.MonkeyPatch, staff: Caller, shop: Tenant
) -> None:
    _, _, message = talked()
    made_by: list[str] = []

    def make(*_: Any) -> bytes:
        made_by.append(threading.current_thread().name)
        return b"file"

    monkeypatch.setattr(exports, work, make)
    fetched(staff, f"chat/messages/{message.public_id}/export?format={format}")
    assert [name.startswith("kimono") for name in made_by] == [True]


def test_who_waits_too_long_for_a_turn_is_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, shop: Tenant
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    monkeypatch.setattr(exports, "PATIENCE_SECONDS", 0.05)
    _, _, message = talked()
    answer = staff.get(f"chat/messages/{message.public_id}/export?format=pdf")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_an_english_conversation_has_english_words(staff: Caller, shop: Tenant) -> None:
    row = begun(language="en")
    said(row, "visitor", "How do I return it?")
    message = said(
        row, "bot", "Within 7 days [1].", citations=[citation(title="Return policy", section="2.1")]
    )
    text = " ".join(pages(fetched(staff, f"chat/messages/{message.public_id}/export?format=pdf").content))
    for words in ("Question", "Answer", "References", "Return policy – 2.1 – page 2 –"):
        assert words in text
    header = staff.get(f"chat/messages/{message.public_id}/export?format=docx")["Content-Disposition"]
    assert "-answer-" in header


def test_who_took_what_is_on_record(staff: Caller, shop: Tenant) -> None:
    from tenants.models import AuditRow

    row, _, message = talked()
    fetched(staff, f"chat/sessions/{row.public_id}/export?format=csv")
    fetched(staff, f"chat/messages/{message.public_id}/export?format=docx")
    with db.public_scope(), db.platform_scope():
        noted = set(AuditRow.objects.values_list("action", "target_id"))
    assert {("export_conversation", row.public_id), ("export_answer", message.public_id)} <= noted
