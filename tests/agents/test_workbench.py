"""The pages of the workbench: who may see them, and what they show."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from kimono.lib import db
from tenants.models import Tenant
from tenants.services import hosts, lifecycle
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import PASSWORD, Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/workbench/"
ASKED, SOLVED = "团体预约可以带宠物入场吗？", "可以带宠物入场，须全程牵绳，并在预约时说明。"


@pytest.fixture
def person(alpha: Tenant) -> Callable[[str, str], Caller]:
    """Return a function that adds somebody and signs them in as their browser does."""

    def add(role: str, username: str) -> Caller:
        make_user(alpha, role, username=username)
        caller = at(alpha).with_session(username)
        caller.headers = {"X-CSRFToken": caller.csrf()["X_CSRFToken"]}
        return caller

    return add


def rows_of(answer: Any) -> list[str]:
    return re.findall(r'id="item-(sess-[^"]+)"', answer.content.decode())


def data_of(page: str, name: str) -> Any:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1]) if found else None


def case_of(session_id: str, rest: str = "") -> str:
    return f"{PAGE}sessions/{session_id}/{rest}"


def test_a_stranger_signs_in_first_and_only_who_answers_comes_in(alpha: Tenant) -> None:
    stranger = at(alpha)
    assert (
        stranger.get(f"{PAGE}?tab=mine")["Location"] == "/workbench/login/?next=%2Fworkbench%2F%3Ftab%3Dmine"
    )
    assert stranger.get(f"{PAGE}list/", HX_Request="true")["HX-Redirect"] == "/workbench/login/"
    for role, lands in (("agent", True), ("merchant_admin", True), ("viewer", False)):
        make_user(alpha, role, username=role)
        caller = at(alpha)
        form = caller.get("/workbench/login/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        given = {"username": role, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = caller.form("/workbench/login/", given | {"next": f"{PAGE}?tab=all"})
        assert (answer.status_code, caller.get(PAGE).status_code) == ((302, 200) if lands else (200, 302))


def test_others_who_are_signed_in_are_refused(alpha: Tenant, person: Callable[[str, str], Caller]) -> None:
    assert person("viewer", "eyes").get(PAGE).status_code == 403
    li = person("agent", "li")
    page = li.get(PAGE)
    assert page["Cache-Control"] == "no-store"
    assert "unsafe" not in page["Content-Security-Policy"]
    with db.public_scope(), db.platform_scope():
        lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
    hosts.clear()
    assert li.get(PAGE).status_code == 403


def test_lists_hold_what_their_names_say(
    key: Caller,
    person: Callable[[str, str], Caller],
    asked: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from agents.services import shelves

    li, wang = person("agent", "li"), person("agent", "wang")
    calm, vip = asked(user_id="u-1"), asked(user_id="u-2")
    key.patch(f"agent/sessions/{calm}", {"priority": "normal", "tags": ["退款"]})
    bot: str = key.post("chat/sessions", {"user_id": "u-3"}).json()["session_id"]
    mine = asked(user_id="u-4")
    assert li.post(f"agent/sessions/{mine}/accept").status_code == 200

    def listed(query: str, who: Caller = li) -> list[str]:
        return rows_of(who.get(f"{PAGE}list/?{query}"))

    assert listed("tab=waiting") == listed("tab=nonsense") == [vip, calm]
    assert listed("tab=mine") == [mine]
    assert listed("tab=mine", wang) == []
    assert set(listed("tab=unassigned")) == {bot, vip, calm}
    assert set(listed("tab=all")) == {bot, vip, calm, mine}
    assert listed("tab=all&text=u-3") == [bot]
    assert listed("tab=all&tag=退款") == listed("tab=waiting&priority=normal") == [calm]
    assert listed("tab=all&state=assigned&score=5") == []
    assert "没有符合" in li.get(f"{PAGE}list/?tab=all&text=nobody").content.decode()
    monkeypatch.setattr(shelves, "MOST", 1)
    assert listed("tab=waiting") == listed("tab=waiting&text=u-") == [vip]
    assert "还有更多" in li.get(f"{PAGE}list/?tab=waiting").content.decode()


def test_a_row_shows_what_was_said_and_a_list_is_narrowed_by_how_sure_the_bot_was(
    key: Caller, alpha: Tenant, person: Callable[[str, str], Caller]
) -> None:
    from conversations.models import Turn

    key.post("knowledge/qa-pairs", {"question": ASKED, "answer": SOLVED})
    known = key.post("chat", {"message": ASKED}).json()
    unknown = key.post("chat", {"message": "明天股市怎么样？"}).json()
    small_talk = key.post("chat", {"message": "你好"}).json()
    called = key.post("chat", {"message": "转人工", "session_id": known["session_id"]}).json()
    with db.tenant_scope(alpha):
        answered = Turn.objects.filter(conversation__public_id=known["session_id"], outcome="answered")
        assert answered.update(confidence=0.79) == 1
    li = person("agent", "li")

    def last(session_id: str) -> str:
        page = li.get(f"{PAGE}list/?tab=all").content.decode()
        row = page[page.index(f'id="item-{session_id}"') :]
        found = re.search(r'item-last">([^<]*)<', row)
        return found[1] if found else ""

    assert called["reply"].startswith("正在为您转接")
    assert last(known["session_id"]) == "转人工"
    assert last(unknown["session_id"]) == unknown["reply"][:80]
    for band, session in (("low", unknown), ("middle", known), ("high", None)):
        page = li.get(f"{PAGE}?tab=all&confidence={band}")
        assert rows_of(page) == ([session["session_id"]] if session else []), band
        assert f'data-query="tab=all&amp;confidence={band}"' in page.content.decode()
    assert small_talk["session_id"] in rows_of(li.get(f"{PAGE}list/?tab=all&confidence=nonsense"))


def test_where_one_is_named_has_a_list_of_its_own(
    person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    li, wang = person("agent", "li"), person("agent", "wang")
    session_id, _ = asked(), asked()
    li.post(f"agent/sessions/{session_id}/notes", {"content": "@wang 请看"})
    assert rows_of(li.get(f"{PAGE}list/?tab=mentions")) == []
    named = wang.get(f"{PAGE}list/?tab=mentions").content.decode()
    assert re.findall(r'id="item-(sess-[^"]+)"', named) == [session_id]
    assert 'data-mentions="1"' in named and "mark-named" in named
    team = wang.get(f"{PAGE}team/").content.decode()
    assert 'data-agents-online="0"' in team and re.findall(r'team-name">([^<]+)<', team) == ["li"]
    wang.get(PAGE)
    assert 'data-agents-online="1"' in li.get(f"{PAGE}team/").content.decode()


def test_a_conversation_is_shown_whole_with_what_may_be_done(
    key: Caller, person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    key.post("knowledge/qa-pairs", {"question": ASKED, "answer": SOLVED})
    li, wang, boss = person("agent", "li"), person("agent", "wang"), person("merchant_admin", "boss")
    session_id = asked()
    key.post("chat", {"session_id": session_id, "message": f"{ASKED}<script>"})

    def acts(who: Caller) -> set[str]:
        head = who.get(case_of(session_id, "head/")).content.decode()
        return set(re.findall(r'data-act="([\w-]+)"', head)) - {"back", "beside", "copy-link"}

    always = {"solution", "ticket"}
    holders = {"ending", "transfer", "to-queue", "to-bot"}
    assert acts(li) == {"accept"} | always
    assert li.post(f"agent/sessions/{session_id}/accept").status_code == 200
    assert (acts(li), acts(wang), acts(boss)) == (
        holders | always,
        always,
        holders | always | {"takeover"},
    )
    whole = li.get(f"{PAGE}?session={session_id}").content.decode()
    story = data_of(whole, "story")
    assert [item["message"]["content"] for item in story["items"] if item["type"] == "message"] == [
        f"{ASKED}<script>"
    ]
    assert story["last_seq"] == story["items"][-1]["seq"]
    assert f'value="{ASKED}' in whole
    assert "这个对话不存在" in li.get(f"{PAGE}?session=sess-nobody").content.decode()
    assert li.get(case_of("sess-nobody")).status_code == 404


def test_help_comes_from_the_knowledge(
    key: Caller, person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    key.post("knowledge/qa-pairs", {"question": ASKED, "answer": SOLVED})
    li = person("agent", "li")
    session_id = asked()
    key.post("chat", {"session_id": session_id, "message": ASKED})
    told = li.post(case_of(session_id, "draft/"))
    assert (told.status_code, told["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert told["Cache-Control"] == "no-store"
    # The stream may take its time: it holds no connection of the pool.
    assert connection.connection is None
    assert li.post(case_of("sess-nobody", "draft/")).status_code == 404
    assert li.post(case_of(session_id, "draft/"), X_CSRFToken="").status_code == 403
    assert SOLVED in li.get(case_of(session_id, f"knowledge/?q={ASKED}")).content.decode()
    li.post(f"agent/sessions/{session_id}/accept")
    li.post(f"agent/sessions/{session_id}/messages", {"content": SOLVED})
    ending = li.get(case_of(session_id, "ending/")).content.decode()
    assert ASKED in ending and SOLVED in ending


def test_a_conversation_is_handed_to_somebody_else(
    person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    li, wang, boss = person("agent", "li"), person("agent", "wang"), person("merchant_admin", "boss")
    boss.post("agent/groups", {"name": "售后"})
    wang.get(PAGE)
    choices = li.get(case_of(asked(), "transfer/")).content.decode()
    names = re.findall(r'target-name">\s*([^<\s]+)', choices)
    assert names[0] == "wang" and set(names) == {"wang", "boss", "售后"}


def test_presence_is_kept_over_visits(person: Callable[[str, str], Caller]) -> None:
    li = person("agent", "li")
    assert 'data-presence="online"' in li.get(PAGE).content.decode()
    assert li.ask("PUT", "agent/presence", {"status": "offline"}).status_code == 200
    assert 'data-presence="offline"' in li.get(PAGE).content.decode()
