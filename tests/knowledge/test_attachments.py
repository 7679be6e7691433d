"""Attachments over HTTP: pictures and tables of documents, files of QA pairs (KB-20…22, QA-14, QA-15)."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from kimono.lib import db, files
from knowledge.models import Attachment, Version
from knowledge.services import grants, links
from knowledge.services.documents import previewing
from tenants.models import Tenant
from tests.knowledge.uploads import ingested, upload, work
from tests.providers.parsing.writers import pdf
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {
    "id", "doc_id", "qa_id", "version", "kind", "name", "figure", "page", "order", "mime", "size_bytes",
    "caption", "markdown", "url", "thumb_url",
}  # fmt: skip
QUESTION = {"question": "退货入口在哪里？", "answer": "在“我的订单”页面的右上角。"}


def picture(colour: str = "red", size: tuple[int, int] = (640, 400), form: str = "PNG") -> bytes:
    buffer = BytesIO()
    image = Image.effect_noise(size, 40).convert("RGB")
    image.paste(colour, (0, 0, size[0] // 2, size[1] // 2))
    image.save(buffer, form)
    return buffer.getvalue()


def manual(colour: str = "red") -> bytes:
    """Return a Word file with a captioned picture and a captioned table."""
    paper = docx.Document()
    paper.add_heading("退货指南", 1)
    paper.add_paragraph("退货入口在我的订单页面，如图所示。")
    paper.add_picture(BytesIO(picture(colour)))
    paper.add_paragraph("图 3 退货入口截图")
    paper.add_heading("运费", 2)
    paper.add_paragraph("各地区退货运费如下表所列，单位为元。")
    paper.add_paragraph("表 1 退货运费")
    table = paper.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("地区", "运费", "上海", "12 元"), strict=True):
        cell.text = text
    buffer = BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


def caller(tenant: Tenant, new_key: Callable[..., str], *scopes: str) -> Caller:
    return at(tenant, X_API_Key=new_key(tenant, scopes=scopes or ("knowledge", "chat")))


def listed(who: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = who.get(f"knowledge/attachments?{query}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["items"])


def attach(who: Caller, qa_id: str, content: bytes, name: str = "图.png", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return who.form(f"knowledge/qa-pairs/{qa_id}/attachments", {"file": file, **fields})


def made_pair(who: Caller) -> str:
    answer = who.post("knowledge/qa-pairs", QUESTION)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_pictures_and_tables_of_a_document_are_kept_with_their_numbers(
    alpha: Tenant, new_key: Callable[..., str]
) -> None:
    with db.tenant_scope(alpha):
        doc_id = ingested(manual(), "guide.docx").document.public_id
    who = caller(alpha, new_key)
    image, table = listed(who, f"doc_id={doc_id}")
    assert set(image) == KEYS
    assert (image["kind"], image["figure"], image["caption"]) == ("image", "图 3", "退货入口截图")
    assert (image["name"], image["mime"], image["version"]) == ("图 3 退货入口截图", "image/png", "v1")
    assert (image["doc_id"], image["qa_id"], image["markdown"]) == (doc_id, None, None)
    assert (table["kind"], table["figure"], table["caption"]) == ("table", "表 1", "退货运费")
    assert "| 上海 | 12 元 |" in table["markdown"]
    assert image["order"] < table["order"]
    assert table["thumb_url"] is None
    assert who.get(f"knowledge/attachments/{image['id']}").json() == image
    chunks = who.get(f"knowledge/documents/{doc_id}/chunks").json()["items"]
    tied = {each: chunk["text"] for chunk in chunks for each in chunk["attachments"]}
    assert "退货入口" in tied[image["id"]]
    assert "上海" in tied[table["id"]]
    assert [each["kind"] for each in listed(who, f"doc_id={doc_id}&kind=table")] == ["table"]


def test_an_attachment_is_served_small_and_whole_and_can_do_no_harm(
    alpha: Tenant, new_key: Callable[..., str]
) -> None:
    with db.tenant_scope(alpha):
        ingested(manual(), "guide.docx")
    who = caller(alpha, new_key)
    image = listed(who, "kind=image")[0]
    whole = who.get(image["url"])
    assert Image.open(BytesIO(whole.content)).size == (640, 400)
    assert (whole["Content-Type"], whole["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert (whole["Content-Security-Policy"], whole["Cache-Control"]) == ("sandbox", "private")
    assert whole["Content-Disposition"].startswith("inline")
    small = who.get(image["thumb_url"])
    assert max(Image.open(BytesIO(small.content)).size) == 320
    assert small["Content-Type"] == "image/webp"
    assert small["ETag"] != whole["ETag"]
    table = listed(who, "kind=table")[0]
    text = who.get(table["url"])
    assert text.content.decode() == table["markdown"]
    assert text["Content-Disposition"].startswith("attachment")
    assert who.get(f"{table['url']}?thumb=true").status_code == 404


def test_a_new_version_shows_its_own_attachments(alpha: Tenant, new_key: Callable[..., str]) -> None:
    with db.tenant_scope(alpha):
        doc_id = ingested(manual("red"), "guide.docx").document.public_id
    who = caller(alpha, new_key)
    before = {each["id"] for each in listed(who)}
    with db.tenant_scope(alpha):
        ingested(manual("blue"), "guide.docx")
    after = listed(who)
    assert {each["version"] for each in after} == {"v2"}
    assert not before & {each["id"] for each in after}
    assert who.delete(f"knowledge/documents/{doc_id}").status_code == 200
    assert listed(who) == []


def test_an_upload_that_comes_to_nothing_leaves_no_file(in_alpha: Tenant) -> None:
    from knowledge.services.attachments import keeping
    from knowledge.services.attachments.finding import Found

    version = upload(manual(), "guide.docx").version
    source = files.path_of(version.file_key)
    found = Found("a", "image", "a", "", 1, 0, "image/png", 3, "sha256:0", "", path=source)
    first = keeping.keep(version=version, found=[found], check=lambda: None)
    assert keeping.keep(version=version, found=[found], check=lambda: None) == first
    stored = files.path_of(Attachment.objects.get().file_key)
    assert stored.exists()
    with pytest.raises(RuntimeError):
        keeping.keep(version=version, found=[], check=_refuse)
    assert stored.exists()
    keeping.keep(version=version, found=[], check=lambda: None)
    assert not stored.exists()
    assert not Attachment.objects.exists()


def _refuse() -> None:
    raise RuntimeError("the run lost its lease")


def test_a_killed_ingest_goes_on_with_the_same_attachments(in_alpha: Tenant) -> None:
    version = ingested(manual(), "guide.docx")
    before = list(version.attachments.values_list("public_id", "file_key"))
    Version.objects.filter(pk=version.pk).update(is_indexed=False)
    from knowledge.services import ingestion
    from tests.knowledge.ingesting import Watched

    ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert list(version.attachments.values_list("public_id", "file_key")) == before


def test_a_file_of_a_pair_comes_along_with_its_answer(alpha: Tenant, new_key: Callable[..., str]) -> None:
    who = caller(alpha, new_key)
    qa_id = made_pair(who)
    assert who.post("chat", {"message": QUESTION["question"]}).json()["data"]["attachments"] == []
    answer = attach(who, qa_id, picture(), "截图/入口.png", caption="入口截图")
    assert answer.status_code == 201, answer.content
    added = answer.json()
    assert set(added) == KEYS
    assert (added["qa_id"], added["doc_id"], added["version"], added["name"]) == (
        qa_id,
        None,
        None,
        "入口.png",
    )
    assert (added["kind"], added["caption"], added["mime"]) == ("image", "入口截图", "image/png")
    assert who.get(f"knowledge/qa-pairs/{qa_id}").json()["attachments"] == [added]
    assert who.get("knowledge/qa-pairs").json()["items"][0]["attachments"] == [added]
    # The answer that was given before is not given again from the cache.
    shown = who.post("chat", {"message": QUESTION["question"]}).json()["data"]["attachments"]
    assert [(each["id"], each["n"], each["caption"]) for each in shown] == [(added["id"], 1, "入口截图")]

    path = f"knowledge/qa-pairs/{qa_id}/attachments/{added['id']}"
    with db.tenant_scope(alpha):
        stored = files.path_of(Attachment.objects.get().file_key)
    assert who.delete(path).status_code == 204
    assert not stored.exists()
    assert who.delete(path).status_code == 404
    assert who.post("chat", {"message": QUESTION["question"]}).json()["data"]["attachments"] == []
    rows = who.get(f"knowledge/attachments?qa_id={qa_id}").json()
    assert rows["total"] == 0


def test_the_pictures_and_tables_of_cited_passages_come_along(
    alpha: Tenant, new_key: Callable[..., str]
) -> None:
    with db.tenant_scope(alpha):
        ingested(manual(), "guide.docx")
    answer = caller(alpha, new_key).post("chat", {"message": "上海的退货运费是多少？"}).json()
    assert answer["data"]["sources"], answer
    tables = [each for each in answer["data"]["attachments"] if each["kind"] == "table"]
    assert "| 上海 | 12 元 |" in tables[0]["markdown"]
    assert tables[0]["n"] in {each["n"] for each in answer["data"]["sources"]}


def test_what_is_tied_to_a_pair_is_known_by_its_content(alpha: Tenant, new_key: Callable[..., str]) -> None:
    who = caller(alpha, new_key)
    qa_id = made_pair(who)
    refused = attach(who, qa_id, b"MZ\x90\x00 a program", "form.pdf")
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    assert "pdf" in refused.json()["supported"]
    renamed = attach(who, qa_id, picture(form="JPEG"), "form.pdf").json()
    assert (renamed["kind"], renamed["mime"]) == ("image", "image/jpeg")
    assert attach(who, qa_id, b"", "empty.pdf").status_code == 422
    assert attach(who, qa_id, picture(), caption="x" * 501).status_code == 422
    assert attach(who, f"qa-unknown-{alpha.tag}", picture()).status_code == 404


def test_a_pair_takes_twenty_attachments(alpha: Tenant, new_key: Callable[..., str]) -> None:
    who = caller(alpha, new_key)
    qa_id = made_pair(who)
    for number in range(20):
        assert attach(who, qa_id, f"# 说明 {number}\n".encode(), "note.md").status_code == 201
    with db.tenant_scope(alpha):
        before = set(files.tenant_folder().rglob("*"))
    refused = attach(who, qa_id, b"# one more\n", "note.md")
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    with db.tenant_scope(alpha):
        left = {path for path in files.tenant_folder().rglob("*") if path.is_file()} - before
        assert not left, "a refused file stays behind"
        assert Attachment.objects.count() == 20


def test_a_visitor_sees_what_its_answers_cited_and_nothing_else(
    alpha: Tenant, beta: Tenant, new_key: Callable[..., str]
) -> None:
    who = caller(alpha, new_key)
    qa_id = made_pair(who)
    added = attach(who, qa_id, picture()).json()
    url = added["url"]
    nobody = at(alpha)
    assert nobody.get(url).status_code == 401
    with db.tenant_scope(alpha):
        signed, late = links.signed(url), links.signed(url, now=0)
        small = links.signed(added["thumb_url"])
    assert nobody.get(signed).status_code == 200
    assert nobody.get(small)["Content-Type"] == "image/webp"
    assert nobody.get(late).status_code == 404
    assert at(beta).get(signed).status_code == 404
    handshake = at(alpha).post("chat/sessions", {}, Origin="http://" + at(alpha).host)
    assert handshake.status_code == 201, handshake.content
    visitor = at(alpha, Authorization=f"Bearer {handshake.json()['visitor_token']}")
    assert visitor.get(url).status_code == 404
    with db.tenant_scope(alpha):
        grants.allow(unit=handshake.json()["session_id"], qa_ids=[qa_id])
    assert visitor.get(url).status_code == 200
    assert visitor.get(f"knowledge/attachments/{added['id']}").status_code in (401, 403)
    assert who.delete(f"knowledge/qa-pairs/{qa_id}").status_code == 200
    assert visitor.get(url).status_code == 404


def test_equal_ids_of_two_merchants_name_two_things(
    alpha: Tenant, beta: Tenant, new_key: Callable[..., str], equal_ids: Callable[[], Any]
) -> None:
    ids = {}
    for tenant, colour in ((alpha, "red"), (beta, "blue")):
        with equal_ids():
            who = caller(tenant, new_key)
            qa_id = made_pair(who)
            ids[tenant.tag] = attach(who, qa_id, picture(colour)).json()["id"]
    assert len({one.rsplit("-", 1)[0] for one in ids.values()}) == 1
    for tenant in (alpha, beta):
        with db.tenant_scope(tenant):
            Attachment.objects.update(id=471)
    foreign = caller(alpha, new_key)
    assert foreign.get(f"knowledge/attachments/{ids[beta.tag]}/file").status_code == 404
    assert [each["id"] for each in listed(foreign)] == [ids[alpha.tag]]
    assert work() == 0


def test_the_text_of_a_preview_is_the_page_or_the_section_of_the_passage(alpha: Tenant) -> None:
    sentences = "".join(f"第 {number} 条说明如何归还和服以及需要的时间。" for number in range(40))
    with db.tenant_scope(alpha):
        version = ingested(f"# 规定\n\n## 归还\n\n{sentences}\n\n## 押金\n\n押金五百元，归还后退。\n")
        sections = {chunk.section: chunk for chunk in version.chunks.order_by("index")}
        assert version.chunks.filter(section__endswith="归还").count() > 1
        for name, has, has_not in (("归还", "第 0 条", "押金五百"), ("押金", "押金五百元", "第 39 条")):
            chunk = next(each for section, each in sections.items() if section.endswith(name))
            shown = previewing.text(version=version, chunk_id=chunk.public_id).content.decode()
            assert has in shown
            assert chunk.text in shown
            assert has_not not in shown


def test_the_source_of_an_answer_is_previewed(
    alpha: Tenant, new_key: Callable[..., str], tmp_path: Path
) -> None:
    memo = pdf(
        tmp_path / "memo.pdf",
        [[("Cover sheet", 12, 72, 700)], [("Returns within thirty days.", 12, 72, 700)]],
    )
    with db.tenant_scope(alpha):
        version = ingested(memo.read_bytes(), "memo.pdf")
        chunk = version.chunks.get(text__contains="thirty days")
        other = ingested("# 别的\n\n别的文字。\n", "other.md")
        path = f"/api/v1/knowledge/documents/{version.document.public_id}/file"
        signed = links.signed(f"{path}?version=v1")
    nobody = at(alpha)
    page = nobody.get(f"{signed}&preview=page&page=2")
    assert (page.status_code, page["Content-Type"], page["Content-Security-Policy"]) == (
        200,
        "image/webp",
        "sandbox",
    )
    assert Image.open(BytesIO(page.content)).width > 600
    first = nobody.get(f"{signed}&preview=page&page=1")
    assert first.content != page.content
    assert nobody.get(f"{signed}&preview=page&page=9").status_code == 404
    quote = "quote=Returns%20within%20thirty%20days."
    marked = nobody.get(f"{signed}&preview=page&page=2&{quote}")
    # The words stand at 72 points from the left and 700 from the bottom of a page of 612 by 792.
    across, over = (np.asarray(Image.open(BytesIO(each.content)).convert("RGB")) for each in (page, marked))
    changed = np.argwhere(np.abs(across.astype(int) - over).max(axis=2) > 60)
    top, left, bottom, right = *changed.min(axis=0), *changed.max(axis=0)
    scale = across.shape[1] / 612
    assert 60 * scale < left < 76 * scale < right < 300 * scale
    assert 78 * scale < top < bottom < 98 * scale
    # A chunk may begin on one page and its cited words on the next.
    assert nobody.get(f"{signed}&preview=page&page=1&{quote}").content == marked.content
    text = nobody.get(f"{signed}&preview=text&chunk_id={chunk.public_id}")
    assert "Returns within thirty days." in text.content.decode()
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    with db.tenant_scope(alpha):
        foreign = other.chunks.first().public_id
    assert nobody.get(f"{signed}&preview=text&chunk_id={foreign}").status_code == 404
    assert nobody.get(f"{path}?preview=page").status_code == 401
    who = caller(alpha, new_key)
    assert who.get(f"knowledge/documents/{other.document.public_id}/file?preview=page").status_code == 404
