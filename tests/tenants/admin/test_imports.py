"""QA pairs in and out of files on a merchant's admin: a preview with its faults, then the services, then search."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from kimono.lib import db
from kimono.lib.files import tenant_folder
from knowledge.models import QAPair
from knowledge.services import retrieval, tuning
from knowledge.services.visibility import View
from tenants.models import AuditRow, Tenant
from tests.tenants.admin_pages import add_pair, sent, signed_in
from tests.tenants.doors import Caller, make_user

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = ("问题", "答案", "分类", "关键词", "优先级", "相似问")
IMPORT = "/admin/knowledge/qapair/import/"
CONFIRM = "/admin/knowledge/qapair/process_import/"


def csv(rows: Sequence[Sequence[Any]], encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.save(buffer)
    return buffer.getvalue()


def preview(caller: Caller, content: bytes, name: str = "pairs.csv") -> tuple[str, dict[str, str]]:
    """Send a file; return the words of the page and the fields of its confirmation, empty when there is none."""
    answer = sent(
        caller, IMPORT, {"import_file": SimpleUploadedFile(name, content), "format": "0", "resource": "0"}
    )
    assert answer.status_code == 200
    html = answer.content.decode()
    form = html[html.find('action="' + CONFIRM) :] if CONFIRM in html else ""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.partition("</form>")[0])
    main = html[html.find('id="content"') :]
    fields = {key: value for key, value in hidden if key != "csrfmiddlewaretoken"}
    return " ".join(re.sub(r"<(?!/?(?:ins|del)\b)[^>]+>", " ", main).split()), fields


def found(tenant: Tenant, question: str) -> list[str]:
    """Return the answers that a search finds."""
    with db.tenant_scope(tenant):
        search = async_to_sync(retrieval.search)
        view = View(unit="test", at=timezone.now())
        passages = search(query=question, limit=3, view=view, params=tuning.effective(), ref="").passages
        return [passage.answer or "" for passage in passages]


ROWS = (
    HEADER,
    ("可以带宠物进店吗？", "可以，请牵绳。", "门店", "宠物，狗", 10, "能带狗吗；可以带猫吗"),
    ("有儿童和服吗？", "有，身高 90 厘米起。", "款式", "", "", ""),
)


def files_of_previews(tenant: Tenant) -> set[Path]:
    """Return the files that wait to be confirmed, those of other tests among them."""
    with db.tenant_scope(tenant):
        folder = tenant_folder() / "imports"
        return set(folder.iterdir()) if folder.exists() else set()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (xlsx(ROWS), "pairs.xlsx"),
        (csv(ROWS), "pairs.csv"),
        (csv(ROWS, "gb18030"), "pairs.csv"),
        (csv(ROWS, "utf-16"), "名字不说明什么.dat"),
    ],
    ids=["xlsx", "utf-8", "gb18030", "utf-16"],
)
def test_a_file_is_shown_first_then_written_and_found_at_once(
    merchant: Caller, alpha: Tenant, content: bytes, name: str
) -> None:
    lay_there = files_of_previews(alpha)
    page, confirmation = preview(merchant, content, name)
    assert "新增 2 条，更新 0 条，未变 0 条，跳过 0 行" in page
    assert "可以带宠物进店吗？" in page and "能带狗吗；可以带猫吗" in page
    with db.tenant_scope(alpha):
        assert not QAPair.objects.exists()
    answer = sent(merchant, CONFIRM, confirmation)
    assert answer.status_code == 302
    with db.tenant_scope(alpha):
        pair = QAPair.objects.get(category="门店")
        assert (pair.keywords, pair.priority, pair.is_synced) == (["宠物", "狗"], 10, True)
        assert pair.source == ("import_xlsx" if name.endswith("xlsx") else "import_csv")
        assert AuditRow.objects.get(action="import_qa_pairs").username == "boss"
    assert files_of_previews(alpha) <= lay_there
    assert found(alpha, "能带狗吗")[0] == "可以，请牵绳。"


def test_bad_rows_are_named_with_line_and_reason_and_left_out(merchant: Caller, alpha: Tenant) -> None:
    rows = (
        HEADER,
        ("几点开门？", "九点。", "", "", "", ""),
        ("没有答案", "", "", "", "", ""),
        ("太重要", "是的", "", "", "很高", ""),
        ("几点开门？", "十点。", "", "", "", ""),
        ("长" * 501, "答", "", "", "", ""),
    )
    page, confirmation = preview(merchant, csv(rows))
    for words in (
        "第 3 行 (答案) – 问题或答案为空",
        "第 4 行 (优先级) – 优先级须为 0 到 100 的整数",
        "第 5 行 (问题) – 问题在文件中重复出现",
        "第 6 行 (问题) – 文字过长",
        "新增 1 条，更新 0 条，未变 0 条，跳过 4 行",
    ):
        assert words in page, page
    sent(merchant, CONFIRM, confirmation)
    with db.tenant_scope(alpha):
        assert list(QAPair.objects.values_list("question", "answer")) == [("几点开门？", "九点。")]


def test_a_changed_row_shows_what_changes(merchant: Caller, alpha: Tenant) -> None:
    add_pair(merchant, "几点开门？", answer="早上九点。", category="营业")
    add_pair(merchant, "几点关门？", answer="晚上八点。", category="营业")
    rows = (("问题", "答案"), ("几点开门?", "早上十点。"), ("几点关门？", "晚上八点。"))
    page, confirmation = preview(merchant, csv(rows))
    assert "新增 0 条，更新 1 条，未变 1 条，跳过 0 行" in page
    assert "早上<del>九</del><ins>十</ins>点。" in page
    sent(merchant, CONFIRM, confirmation)
    with db.tenant_scope(alpha):
        assert set(QAPair.objects.values_list("answer", "category")) == {
            ("早上十点。", "营业"), ("晚上八点。", "营业")
        }  # fmt: skip
    assert found(alpha, "几点开门？")[0] == "早上十点。"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\x01\x02" * 100, "无法把文件读成表格"),
        (csv((("甲", "乙"), ("一", "二"))), "第一行须为列名"),
        (b"x" * (10 * 1024 * 1024 + 1), "文件超过 10 MB"),
        (b"PK\x03\x04 no workbook", "无法把文件读成表格"),
    ],
    ids=["binary", "other columns", "too large", "damaged"],
)
def test_a_file_that_is_no_table_is_refused_beside_the_field(
    merchant: Caller, content: bytes, said: str
) -> None:
    page, confirmation = preview(merchant, content)
    assert said in page and not confirmation


def test_formulas_do_no_harm_and_come_back_as_they_were(merchant: Caller, alpha: Tenant) -> None:
    add_pair(merchant, "=1+1", answer="+86 400-000", category="@x", similar_questions="-2 度可以穿吗")
    export = "/admin/knowledge/qapair/export/"
    cells = {}
    for number, kind in enumerate(("xlsx", "csv")):
        answer = sent(merchant, export, {"format": str(number), "resource": "0"})
        assert f".{kind}" in answer.headers["Content-Disposition"]
        cells[kind] = answer.content
    sheet = load_workbook(io.BytesIO(cells["xlsx"])).active
    assert sheet is not None
    first = [cell.value for cell in list(sheet.rows)[1]]
    assert first[:3] == ["'=1+1", "'+86 400-000", "'@x"]
    assert cells["csv"].decode("utf-8-sig").splitlines()[1].startswith("'=1+1,'+86 400-000,'@x,")
    for content in cells.values():
        page, _confirmation = preview(merchant, content)
        assert "新增 0 条，更新 0 条，未变 1 条，跳过 0 行" in page


def test_an_export_holds_what_the_filters_leave(merchant: Caller) -> None:
    add_pair(merchant, "几点开门？", category="营业")
    add_pair(merchant, "怎么退款？", category="售后")
    answer = sent(merchant, "/admin/knowledge/qapair/export/?category=售后", {"format": "1", "resource": "0"})
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 2 and rows[1].startswith("怎么退款？")


def test_a_preview_is_its_merchants_alone(merchant: Caller, alpha: Tenant, beta: Tenant) -> None:
    make_user(beta, username="other")
    theirs = signed_in(beta, "other")
    lay_there = files_of_previews(beta)
    _page, confirmation = preview(theirs, csv(ROWS))
    for name in (confirmation["import_file_name"], "../../../../etc/passwd", f"{beta.pk}/x"):
        answer = sent(merchant, CONFIRM, {**confirmation, "import_file_name": name})
        assert (answer.status_code, answer.headers["Location"]) == (302, IMPORT)
    with db.tenant_scope(alpha):
        assert not QAPair.objects.exists()
    # Theirs is still there.
    assert len(files_of_previews(beta) - lay_there) == 1
