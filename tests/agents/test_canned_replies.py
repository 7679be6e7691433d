"""Canned replies: how they are found, whose they are, and what their variables become."""

from collections.abc import Callable

import pytest

from agents.models import CannedReply
from agents.services.canned_replies import search
from agents.services.canned_replies.spelling import initials, pinyin
from kimono.lib.db import tenant_scope
from tenants.models import Tenant
from tenants.people.models import User
from tests.tenants.doors import Caller


def reply(shortcut: str, title: str, content: str = "好的。") -> CannedReply:
    typed = f"{shortcut} {title}"
    return CannedReply(
        shortcut=shortcut, title=title, content=content, pinyin=pinyin(typed), initials=initials(typed)
    )


REPLIES = [
    reply("th", "退货流程", "请在订单页申请退货。"),
    reply("hello", "问候语", "您好，很高兴为您服务。"),
    reply("yf", "运费说明", "满 99 元包邮。"),
    reply("kuaidi", "物流查询", "已为您查询。"),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("/th", ["th"]),
        ("退货", ["th"]),
        ("tuihuo", ["th"]),
        ("thlc", ["th"]),
        ("tuihou", ["th"]),
        ("yunfei", ["yf"]),
        ("包邮", ["yf"]),
        ("helo", ["hello"]),
        ("wl", ["kuaidi"]),
        ("火星", []),
        ("zzz", []),
    ],
)
def test_a_reply_is_found_as_one_types(typed: str, found: list[str]) -> None:
    assert [each.shortcut for each in search(REPLIES, typed=typed)] == found


@pytest.mark.django_db(transaction=True)
def test_everybody_has_the_shared_ones_and_each_its_own(
    alpha: Tenant, key: Caller, person: Callable[[str, str], Caller]
) -> None:
    li, boss = person("agent", "li"), person("merchant_admin", "boss")
    own = {
        "shortcut": "/th",
        "title": "退货",
        "content": "{{customer}} 您好，我是{{agent.name}}，{{unknown}}。",
    }
    mine = li.post("agent/canned-replies", own).json()
    assert (mine["shortcut"], mine["scope"], mine["filled"]) == ("th", "mine", None)
    assert li.post("agent/canned-replies", own).json()["code"] == "duplicate_name"
    assert li.post("agent/canned-replies", {**own, "shortcut": "a b"}).status_code == 422
    assert li.post("agent/canned-replies", {**own, "scope": "tenant"}).status_code == 403
    shared = boss.post("agent/canned-replies", {**own, "scope": "tenant", "category": "售后"}).json()
    assert {each["id"] for each in li.get("agent/canned-replies").json()["items"]} == {
        mine["id"],
        shared["id"],
    }
    assert [each["id"] for each in boss.get("agent/canned-replies?q=tuihuo").json()["items"]] == [
        shared["id"]
    ]
    assert boss.delete(f"agent/canned-replies/{mine['id']}").status_code == 404
    assert li.ask("PUT", f"agent/canned-replies/{shared['id']}", {"title": "x"}).status_code == 403
    changed = li.ask("PUT", f"agent/canned-replies/{mine['id']}", {"title": "换货", "shortcut": "hh"}).json()
    assert changed["title"] == "换货"
    assert [each["id"] for each in li.get("agent/canned-replies?q=huanhuo").json()["items"]] == [mine["id"]]
    session_id = key.post("chat/sessions", {"user_id": "u-1"}).json()["session_id"]
    (filled,) = li.get(f"agent/canned-replies?q=hh&session_id={session_id}").json()["items"]
    assert filled["filled"] == "u-1 您好，我是li，{{unknown}}。"
    with tenant_scope(alpha):
        User.objects.filter(username="li").update(display_name="小李")
    (filled,) = li.get(f"agent/canned-replies?q=hh&session_id={session_id}").json()["items"]
    assert filled["filled"].startswith("u-1 您好，我是小李，")
    assert li.get("agent/canned-replies?session_id=sess-unknown").status_code == 404
    assert li.delete(f"agent/canned-replies/{mine['id']}").status_code == 204


@pytest.mark.django_db(transaction=True)
def test_a_reply_that_is_said_is_counted_once(
    key: Caller, person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    li, wang = person("agent", "li"), person("agent", "wang")
    mine = li.post("agent/canned-replies", {"shortcut": "hi", "title": "问候", "content": "您好"}).json()
    other = wang.post("agent/canned-replies", {"shortcut": "hi", "title": "问候", "content": "您好"}).json()
    path = f"agent/sessions/{asked()}"
    assert li.post(f"{path}/accept").status_code == 200
    for own_id, reply_id in (("m-1", mine), ("m-1", mine), ("m-2", other), ("m-3", {"id": "crp-gone"})):
        said = {"content": "您好", "client_message_id": own_id, "canned_reply_id": reply_id["id"]}
        assert li.post(f"{path}/messages", said).status_code == 200
    assert [each["use_count"] for each in li.get("agent/canned-replies").json()["items"]] == [1]
    assert [each["use_count"] for each in wang.get("agent/canned-replies").json()["items"]] == [0]
