"""Whom a note names, and that nobody else hears of it."""

import json
from collections.abc import Callable

import pytest

from agents.services import desk, noting
from conversations.models import InboxEntry
from kimono.lib import db
from tenants.models import Tenant
from tests.tenants.doors import Caller, at

PEOPLE = {"a": "小王", "b": "小王子", "c": "ann", "d": "Ann Lee", "e": "小王"}


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("@小王请看", ["a", "e"]),
        ("请＠小王 看", ["a", "e"]),
        ("@小王子请看", ["b"]),
        ("@ANN, please", ["c"]),
        ("@Ann Lee please", ["d"]),
        ("@小王子 @ann @小王子", ["b", "c"]),
        ("@annie", []),
        ("write to li@ann.example", []),
        ("@nobody @", []),
        ("小王", []),
    ],
)
def test_a_whole_name_after_an_at_sign_is_named_the_longest_first(content: str, ids: list[str]) -> None:
    assert noting.named_in(content, PEOPLE) == ids


@pytest.mark.django_db(transaction=True)
def test_who_is_named_finds_the_note_until_it_is_read_and_no_contact_does(
    key: Caller, alpha: Tenant, person: Callable[[str, str], Caller]
) -> None:
    li, wang = person("agent", "li"), person("agent", "wang")
    opened = key.post("chat/sessions", {}).json()
    session_id = opened["session_id"]
    added = li.post(f"agent/sessions/{session_id}/notes", {"content": "@Wang 请看，@li 已看过"})
    assert added.status_code == 201
    ids = {name: who.get("auth/me").json()["id"] for name, who in (("li", li), ("wang", wang))}
    (note,) = [
        event["note"]
        for event in key.get(f"chat/sessions/{session_id}/messages?include=events").json()["items"]
        if event["type"] == "note"
    ]
    assert note["mentions"] == [{"id": ids["wang"], "name": "wang"}]
    with db.tenant_scope(alpha):
        entry = InboxEntry.objects.get()
        assert (entry.type, entry.reason) == ("session.updated", "mentioned")
        assert entry.payload == {"mentioned": [ids["wang"]], "by": "li"}
        (unread,) = noting.unread(ids["wang"])
        assert unread.seq == note["seq"] and not noting.unread(ids["li"])
        desk.has_read(agent_id=ids["wang"], session_id=session_id, seq=note["seq"] - 1)
        assert noting.unread(ids["wang"])
        desk.has_read(agent_id=ids["wang"], session_id=session_id, seq=note["seq"])
        assert not noting.unread(ids["wang"])
    visitor = at(alpha, Authorization=f"Bearer {opened['visitor_token']}")
    seen = visitor.get(f"chat/sessions/{session_id}/messages?include=events").json()
    assert "wang" not in json.dumps(seen, ensure_ascii=False).lower()
