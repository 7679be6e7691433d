"""What may be exported, by whom, under which name, and what it may cost the others."""

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from conversations.services import exports
from kimono.lib import db
from tenants.models import Tenant
from tests.conversations.exported import bare, docx_text, said, talked
from tests.conversations.exports.taking import fetched, visitor_of
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)


def test_names_are_in_both_alphabets(staff: Caller, bare_shop: Tenant) -> None:
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
        assert unquote(found[2]).startswith(bare_shop.name)


def test_only_answers_are_exported_one_by_one(staff: Caller, bare_shop: Tenant) -> None:
    row, question, _ = talked()
    system = said(row, "system", "转接")
    for message in (question, system):
        answer = staff.get(f"chat/messages/{message.public_id}/export?format=pdf")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_exportable")
    agents = said(row, "agent", "可以的。", agent_id="usr-1", agent_name="小王")
    made = fetched(staff, f"chat/messages/{agents.public_id}/export?format=docx")
    assert bare("可以的。") in docx_text(made.content)


@pytest.mark.parametrize("query", ["", "?format=", "?format=xlsx", "?format=PDF"])
def test_a_format_must_be_named(query: str, staff: Caller, bare_shop: Tenant) -> None:
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


def test_without_a_chinese_font_a_word_file_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, bare_shop: Tenant
) -> None:
    monkeypatch.setattr("kimono.lib.printing.fonts.folders", lambda: iter(()))
    row, _, message = talked()
    answer = staff.get(f"chat/messages/{message.public_id}/export?format=docx")
    assert answer.status_code == 503
    assert "fonts-noto-cjk" in answer.json()["detail"]
    assert answer["Retry-After"]
    assert staff.get(f"chat/sessions/{row.public_id}/export?format=json").status_code == 200


def test_what_is_too_long_to_lay_out_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, staff: Caller, bare_shop: Tenant
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
    format: str, work: str, monkeypatch: pytest.MonkeyPatch, staff: Caller, bare_shop: Tenant
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
    monkeypatch: pytest.MonkeyPatch, staff: Caller, bare_shop: Tenant
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    monkeypatch.setattr(exports, "PATIENCE_SECONDS", 0.05)
    _, _, message = talked()
    answer = staff.get(f"chat/messages/{message.public_id}/export?format=pdf")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_who_took_what_is_on_record(staff: Caller, bare_shop: Tenant) -> None:
    from tenants.models import AuditRow

    row, _, message = talked()
    fetched(staff, f"chat/sessions/{row.public_id}/export?format=csv")
    fetched(staff, f"chat/messages/{message.public_id}/export?format=docx")
    with db.public_scope(), db.platform_scope():
        noted = set(AuditRow.objects.values_list("action", "target_id"))
    assert {("export_conversation", row.public_id), ("export_answer", message.public_id)} <= noted
