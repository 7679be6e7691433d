"""Two merchants with equal things: equal primary keys and random parts of ids, and words that betray whose is whose."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from kimono.lib import db
from knowledge.services import revisions
from tenants.models import Tenant
from tenants.services import api_keys, jobs
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import Caller, at, make_user

# What both merchants are asked; the answers tell them apart.
QUESTION = "周末几点开门？"
SCHEMA = {"type": "object", "required": ["no"], "properties": {"no": {"type": "string", "title": "编号"}}}


@dataclass
class World:
    """What one merchant has. `ids` answers every parameter of a path."""

    tenant: Tenant
    canary: str
    key: str = ""
    admin: Caller = field(default_factory=lambda: at(None))
    refresh_token: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def keyed(self, host: Tenant | None) -> Caller:
        """Return a caller with this merchant's key on a host."""
        return at(host, X_API_Key=self.key)

    def signed_in(self, host: Tenant | None) -> Caller:
        """Return a caller with this merchant's admin's token on a host."""
        return at(host, **self.admin.headers)

    def unknown(self) -> dict[str, str]:
        """Return ids of the same kinds, of this merchant, that name nothing."""
        return {
            name: f"{one.partition('-')[0]}-zzzzzzzzzzzzzzzz-{self.tenant.tag}" if "-" in one else one
            for name, one in self.ids.items()
        }


def make_world(tenant: Tenant, canary: str, equal_ids: Callable[[], Any]) -> World:
    """Fill a merchant through its own doors."""
    world = World(tenant, canary)
    with equal_ids(), pytest.MonkeyPatch.context() as patch:
        # One change in so many folds the rows of the earlier ones: by chance, so in one of the two worlds alone.
        patch.setattr(revisions, "_FOLD_ONE_IN", 1 << 30)
        world.ids["user_id"] = make_user(tenant, username="admin", display_name=f"店长{canary}").public_id
        with db.tenant_scope(tenant):
            issued = api_keys.create(
                name=f"官网{canary}", by=SYSTEM,
                scopes=["chat", "agent", "knowledge", "operations", "analytics"],
            )  # fmt: skip
        world.key, world.ids["key_id"] = issued.secret, issued.key.key_id
        login = (
            at(tenant).post("auth/login", {"username": "admin", "password": "correct-horse-battery"}).json()
        )
        world.refresh_token = login["refresh_token"]
        world.admin = at(tenant, Authorization=f"Bearer {login['access_token']}")
        _fill_knowledge(world)
        _fill_conversations(world)
        _fill_desk(world)
        _fill_evaluation(world)
    return world


def made(answer: Any) -> Any:
    """Return the body of an answer that made something."""
    assert answer.status_code in (200, 201, 202), answer.content
    return answer.json()


def _fill_knowledge(world: World) -> None:
    caller = world.keyed(world.tenant)
    pair = {
        "question": QUESTION,
        "answer": f"周末十点开门，暗号{world.canary}。",
        "category": f"类{world.canary}",
    }
    world.ids["qa_id"] = made(caller.post("knowledge/qa-pairs", pair))["id"]
    note = SimpleUploadedFile("note.md", f"# 说明\n\n暗号{world.canary}。\n".encode())
    attached = caller.form(
        f"knowledge/qa-pairs/{world.ids['qa_id']}/attachments",
        {"file": note, "caption": f"说明{world.canary}"},
    )
    world.ids["attachment_id"] = made(attached)["id"]
    file = SimpleUploadedFile("opening.md", f"# 营业时间\n\n平日九点开门，暗号{world.canary}。\n".encode())
    upload = made(caller.form("knowledge/ingest", {"file": file, "async": "true"}))
    world.ids |= {"doc_id": upload["doc_id"], "job_id": upload["job_id"]}
    assert jobs.run_next("ingest")
    with db.tenant_scope(world.tenant):
        assert jobs.get(upload["job_id"]).status == "succeeded"
    scene = {
        "name": f"预约{world.canary}",
        "intent": "business_query",
        "schema": SCHEMA,
        "trigger_examples": ["我要预约"],
    }
    world.ids["scene_id"] = made(caller.post("scenes", scene))["scene_id"]


def _fill_conversations(world: World) -> None:
    caller = world.keyed(world.tenant)
    chat = made(caller.post("chat", {"message": QUESTION, "user_id": f"u-{world.canary}"}))
    assert world.canary in str(chat), "the merchant's own answer must betray it"
    world.ids["session_id"] = world.ids["conversation_id"] = chat["session_id"]
    world.ids["message_id"] = chat["message_id"]
    traces = made(caller.get("monitor/traces"))
    world.ids["trace_id"] = traces[0]["trace_id"]
    # Circuit breakers are the deployment's, so a merchant has none; the form is that of an id.
    world.ids["name"] = f"breaker-aaaaaaaaaaaaaaaa-{world.tenant.tag}"


def _fill_evaluation(world: World) -> None:
    caller = world.keyed(world.tenant)
    cases = {"name": f"集{world.canary}", "cases": [{"query": QUESTION, "category": f"类{world.canary}"}]}
    world.ids["dataset_id"] = made(caller.post("evaluation/datasets", cases))["dataset_id"]
    asked = {"dataset_id": world.ids["dataset_id"], "async": True}
    made(caller.post("evaluation/run", asked))
    assert jobs.run_next("bulk")
    world.ids["report_id"] = made(caller.get("evaluation/reports"))["items"][0]["report_id"]
    world.ids["sample_id"] = made(caller.post("evaluation/samples", {"seed": 1}))["sample_id"]
    # Answers are numbered in their sample, so this one is not the merchant's own.
    world.ids["item_id"] = "1"


def _fill_desk(world: World) -> None:
    caller, canary = world.keyed(world.tenant), world.canary
    session = f"agent/sessions/{world.ids['session_id']}"
    solved = {"question": f"雨天开门吗，暗号{canary}？", "solution": f"照常开门，暗号{canary}。"}
    world.ids["solution_id"] = made(caller.post(f"{session}/solution", solved))["solution_id"]
    made(caller.post(f"{session}/notes", {"content": f"老客户，暗号{canary}"}))
    case = {"title": f"破损{canary}", "description": f"衣物破损，暗号{canary}"}
    reply = {"shortcut": "th", "title": f"退货{canary}", "content": f"请在订单页申请，暗号{canary}。"}
    world.ids["reply_id"] = made(world.admin.post("agent/canned-replies", {**reply, "scope": "tenant"}))["id"]
    world.ids["group_id"] = made(world.admin.post("agent/groups", {"name": f"售后{canary}"}))["id"]
    made(caller.post(f"chat/sessions/{world.ids['session_id']}/csat", {"score": 5, "comment": f"好{canary}"}))
    world.ids["ticket_id"] = made(caller.post("tickets", case))["ticket_id"]


def primary_keys(tenant: Tenant) -> dict[str, list[Any]]:
    """Return the primary keys of every row of a merchant's schema, by table."""
    with db.tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
            " WHERE i.indisprimary AND a.attidentity <> '' AND c.relnamespace = %s::regnamespace",
            [tenant.schema_name],
        )
        tables = cursor.fetchall()
        found = {}
        for table, column in tables:
            cursor.execute(f'SELECT "{column}" FROM "{table}" ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
        return found


def fingerprint(superuser: Any, tenant: Tenant) -> dict[str, str]:
    """Return a digest of each table of a merchant's schema and of its rows in `public`."""
    own = superuser.execute(
        "SELECT table_name, kimono_test.digest_of(schema_name, table_name) FROM kimono_test.tables()"
        " WHERE schema_name = %s",
        [tenant.schema_name],
    ).fetchall()
    shared = {}
    for (table,) in superuser.execute(
        "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'tenant_id'"
        " AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    ).fetchall():
        row = superuser.execute(
            f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.{table} t WHERE tenant_id = %s",
            [tenant.pk],
        ).fetchone()
        shared[f"public.{table}"] = row[0]
    return {**dict(own), **shared}
