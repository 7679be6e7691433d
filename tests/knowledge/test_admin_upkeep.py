"""The pages of a merchant's admin for checks, the folder on the server, and what belongs to pairs and documents."""

from pathlib import Path
from typing import Any

import pytest

from kimono.lib import db
from knowledge.models import Document, QAPair
from knowledge.services.attachments import adding
from tenants.models import Tenant
from tenants.services import jobs
from tests.knowledge.filling import add_pair
from tests.knowledge.test_attachments import manual, picture
from tests.knowledge.uploads import BY, ingested
from tests.tenants.admin_pages import page, sent, signed_in, text_of
from tests.tenants.doors import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_folder_is_read_in_and_the_knowledge_checked(
    alpha: Tenant, tmp_path: Path, settings: Any
) -> None:
    settings.KNOWLEDGE_ROOT = tmp_path
    (folder := tmp_path / alpha.slug / "docs/knowledge").mkdir(parents=True)
    for name in ("a.md", "b.md"):
        (folder / name).write_text("# 退货\n\n签收后七天内可以申请退货，运费由本店承担。\n")
    make_user(alpha, username="boss")
    merchant = signed_in(alpha, "boss")
    upkeep = page("merchant", "knowledge_document_upkeep")
    assert sent(merchant, upkeep, {"do": "update", "dir_path": "../beta"}).status_code == 302
    assert "必须在知识文件夹之内" in text_of(merchant, upkeep)
    assert sent(merchant, upkeep, {"do": "update", "dir_path": "docs/knowledge"}).status_code == 302
    while jobs.run_next("ingest") or jobs.run_next("bulk"):
        pass
    assert "看过 2 个文件，新增 2 个" in text_of(merchant, upkeep)
    checked = sent(merchant, upkeep, {"do": "check"}).content.decode()
    assert "检查了 2 个条目" in checked


def test_attachments_stand_on_the_pages_of_their_owners(alpha: Tenant) -> None:
    make_user(alpha, username="boss")
    merchant = signed_in(alpha, "boss")
    with db.tenant_scope(alpha):
        pair: QAPair = add_pair("退货入口在哪里？", "右上角。")
        kept = adding.add(qa_id=pair.public_id, content=picture(), name="入口.png", caption="退货入口", by=BY)
        document: Document = ingested(manual(), "manual.docx").document
        names = list(document.versions.get().attachments.values_list("name", flat=True))
    shown = text_of(merchant, page("merchant", "knowledge_qapair_change", pair.pk))
    assert f"/api/v1/knowledge/attachments/{kept.public_id}/file" in shown
    assert "退货入口" in shown
    assert merchant.get(f"/api/v1/knowledge/attachments/{kept.public_id}/file").status_code == 200
    shown = text_of(merchant, page("merchant", "knowledge_document_change", document.pk))
    assert names
    assert all(name in shown for name in names)
