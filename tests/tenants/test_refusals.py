"""Fields, forms and pages that are refused: each says of what, and in the caller's language."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from kimono.lib.errors import Conflict, Invalid, Refusal, TooLarge, TooMany, Unavailable, Unsupported
from tenants.answers import error_response
from tenants.models import Tenant
from tenants.services import jobs
from tests.tenants.doors import at, is_error

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_cannot_be_null_is_named_when_it_is(alpha: Tenant, new_key: Any) -> None:
    caller = at(alpha, X_API_Key=new_key(alpha))
    scene = {"name": "退货", "schema": {"type": "object", "properties": {"no": {"type": "string"}}}}
    made = caller.post("scenes", scene).json()["scene_id"]
    for name in ("name", "intent", "trigger_examples", "enabled", "schema", "max_asks", "then"):
        for answer in (
            caller.post("scenes", {**scene, "name": "别的", name: None}),
            caller.ask("PUT", f"scenes/{made}", {name: None}),
        ):
            body = is_error(answer, 422, "validation_error")
            assert body["detail"][0]["loc"] == ["body", name]
    for name in ("title", "knowledge_type", "product_category", "applicable_version", "status"):
        body = is_error(caller.patch("knowledge/documents/doc-none", {name: None}), 422, "validation_error")
        assert body["detail"][0]["loc"] == ["body", name]
    assert caller.patch("knowledge/documents/doc-none", {"published_at": None}).status_code == 404
    for name in ("title", "product_category", "applicable_version"):
        body = is_error(caller.patch("knowledge/documents/doc-none", {name: "  "}), 422, "validation_error")
        assert body["detail"][0]["loc"] == ["body", name]
    assert caller.patch("knowledge/documents/doc-none", {"title": f" {'x' * 255} "}).status_code == 404


@pytest.mark.parametrize(
    ("refusal", "english", "chinese"),
    [
        (Invalid("Malformed request."), "That could not be read", "无法读取提交的内容"),
        (TooLarge(max_bytes=1048576), "At most 1.0\xa0MB can be taken here.", "这里最多接收 1.0\xa0MB"),
        (TooMany(retry_after=7), "Please wait 7 seconds, then try again.", "请等待 7 秒后再试。"),
        (TooMany(retry_after=1), "Please wait 1 second, then try again.", "请等待 1 秒后再试。"),
        (Unavailable(retry_after=9), "in about 9 s.", "9"),
        (Unsupported(), "That is not possible here", "无法进行此操作"),
        (Conflict(), "That is not possible here", "无法进行此操作"),
    ],
)
def test_a_page_says_what_was_refused(
    refusal: Refusal, english: str, chinese: str, rf: RequestFactory
) -> None:
    for language, words in (("en", english), ("zh-CN", chinese)):
        request = rf.get("/chat/", headers={"accept": "text/html", "accept-language": language})
        request.request_id = "req-1"  # type: ignore[attr-defined]
        answer = error_response(request, refusal)
        page = answer.content.decode()
        assert answer.status_code == refusal.status
        assert words in page
        assert "req-1" in page
        for header, value in refusal.headers.items():
            assert answer.headers[header] == value


def test_a_page_that_is_refused_at_the_door_speaks_the_callers_language(alpha: Tenant) -> None:
    for language, words in (("en", "That is too large"), ("zh-CN", "内容过大")):
        answer = at(alpha).get("/" + "x" * 9000, Accept="text/html", Accept_Language=language)
        assert (answer.status_code, words in answer.content.decode()) == (413, True)


@pytest.mark.parametrize("path", ["knowledge/ingest", "knowledge/qa-pairs/import"])
def test_a_form_is_refused_as_a_form(path: str, alpha: Tenant, new_key: Any) -> None:
    caller = at(alpha, X_API_Key=new_key(alpha))
    empty: list[dict[str, Any]] = [
        {}, {"file": ""}, {"file": "no file"}, {"file": SimpleUploadedFile("a.csv", b"")},
    ]  # fmt: skip
    for fields in empty:
        body = is_error(caller.form(path, fields), 422, body_code(path, fields))
        assert body["detail"][0]["loc"] == ["form", "file"], fields
    body = is_error(
        caller.form(path, {"file": SimpleUploadedFile("a.csv", b"\x00\x01\x02")}),
        415,
        "unsupported_media_type",
    )
    assert all(kind in body["detail"].lower() for kind in body["supported"])


def body_code(path: str, fields: dict[str, Any]) -> str:
    unreadable = path.endswith("ingest") and isinstance(fields.get("file"), SimpleUploadedFile)
    return "unreadable_file" if unreadable else "validation_error"


@pytest.mark.parametrize(
    ("content", "kind"),
    [("# 营业\n\n节日休息。\n".encode(), "text/markdown; charset=utf-8"),
     ("# 营业\n\n节日休息。\n".encode("gb18030"), "text/markdown")],
)  # fmt: skip
def test_a_text_is_served_with_its_charset(content: bytes, kind: str, alpha: Tenant, new_key: Any) -> None:
    caller = at(alpha, X_API_Key=new_key(alpha))
    upload = caller.form(
        "knowledge/ingest", {"file": SimpleUploadedFile("opening.md", content), "async": "true"}
    )
    assert jobs.run_next("ingest")
    file = caller.get(f"knowledge/documents/{upload.json()['doc_id']}/file")
    assert (file.status_code, file.headers["Content-Type"], file.content) == (200, kind, content)
