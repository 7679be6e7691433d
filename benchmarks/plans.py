"""What a floor is to repeat, written by a process of the product: `python -m benchmarks.plans TASK OUT`."""

import http.client
import json
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rows import Table, written_by
from benchmarks.statements import Session, Statement, caught, connect, session_of


@dataclass(frozen=True)
class TurnPlan:
    """A turn's parts: the search's SQL for each question, the rows that a turn writes, an answer of its size."""

    session: Session
    searches: dict[str, list[Statement]]
    tables: list[Table]
    response: bytes


@dataclass(frozen=True)
class TurnTask:
    """Whom to ask what: the port and key of a running demo, its merchant, the questions."""

    port: int
    key: str
    slug: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class StreamTask:
    """A merchant with long sentences is wanted, so that answers from a model stream for a while."""


@dataclass(frozen=True)
class StreamPlan:
    """The key of that merchant, and a question that its documents answer at length."""

    key: str
    question: str


@dataclass(frozen=True)
class LiveTask:
    """So many conversations that agents have, in turns, and so many that nobody looks at, are wanted."""

    open: int
    idle: int
    agents: int


@dataclass(frozen=True)
class LivePlan:
    """The key of their merchant, and the token of each visitor by its conversation; those of agents first."""

    key: str
    tokens: dict[str, str]


def plan_live(task: LiveTask) -> LivePlan:
    """Make the merchant and its conversations."""
    from django.utils import timezone

    from conversations.services import handoffs, handshakes
    from conversations.services.handoffs import Handler
    from conversations.services.handshakes import Introduction
    from kimono.lib import db
    from tenants.services import api_keys, provisioning
    from tenants.services.auditing import SYSTEM

    tenant = provisioning.create(name="Live", slug="live", by=SYSTEM, now_in_process=True)
    tokens: dict[str, str] = {}
    with db.tenant_scope(tenant):
        key = api_keys.create(name="bench", scopes=("chat", "agent"), by=SYSTEM)
        for number in range(task.open + task.idle):
            now = timezone.now()
            hands = handshakes.shake(
                introduction=Introduction(), idempotency=None, ws_url="", now=now
            ).handshake
            tokens[hands["session_id"]] = hands["visitor_token"]
            if number < task.open:
                name = f"bench-{number % task.agents}"
                handoffs.take_over(
                    session_id=hands["session_id"], agent=Handler(name, name), by=SYSTEM, now=now
                )
    return LivePlan(key.secret, tokens)


def plan_stream(_: StreamTask) -> StreamPlan:
    """Make the merchant, let the product read its document, and return how to ask."""
    from kimono.lib import db
    from knowledge.services.documents import uploading
    from tenants.services import api_keys, jobs, provisioning
    from tenants.services.auditing import SYSTEM

    tenant = provisioning.create(name="Streams", slug="streams", by=SYSTEM, now_in_process=True)
    with db.tenant_scope(tenant):
        key = api_keys.create(name="bench", scopes=("chat", "knowledge"), by=SYSTEM)
        uploading.upload(content=long_document().encode(), name="归还清单.md", by=SYSTEM)
    while jobs.run_next("ingest"):
        pass
    return StreamPlan(key.secret, "归还振袖套装时要交回哪些物品？")


def long_document() -> str:
    """Return a document of three sentences that list things at length."""
    things = [
        "振袖",
        "长襦袢",
        "袋带",
        "带扬",
        "带缔",
        "带板",
        "伊达缔",
        "足袋",
        "草履",
        "手袋",
        "发簪",
        "披肩",
        "收纳盒",
    ]
    things += [f"备用{thing}" for thing in things]
    sentences = []
    for number, kind in enumerate(("甲类", "乙类", "丙类"), start=1):
        listed = "、".join(f"{thing}{number}件" for thing in (things[number:] + things[:number]))
        sentences.append(
            f"## {kind}\n\n归还振袖套装（{kind}）时要交回的物品有：{listed}，并请当面清点签字。\n"
        )
    return "# 振袖套装归还清单\n\n" + "\n".join(sentences)


def plan_turn(task: TurnTask) -> TurnPlan:
    """Return the parts of a turn for each question, from the product on the same database."""
    from kimono.lib import db
    from tenants.models import Tenant

    with db.public_scope(), db.platform_scope():
        tenant = Tenant.objects.get(slug=task.slug)
    session = session_of(tenant)
    with db.tenant_scope(tenant):
        searches = {question: statements_of(question, booked=False) for question in task.questions}
    answers: list[bytes] = []
    with connect(session) as raw:
        tables = written_by(raw, tenant.schema_name, lambda: answers.append(ask(task, task.questions[0])))
    return TurnPlan(session, searches, tables, answers[0])


def ask(task: TurnTask, question: str) -> bytes:
    """Ask a running product a question and return the body of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", task.port, timeout=30)
    headers = {"Content-Type": "application/json", "X-API-Key": task.key}
    connection.request("POST", "/api/v1/chat", json.dumps({"message": question}), headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


def statements_of(question: str, *, booked: bool = True) -> list[Statement]:
    """Return the SQL that the product's search sends for a question of the tenant in force.

    With `booked` the usage row of the question's encoding is in it, which the search writes in the same thread.
    """
    from kimono import providers
    from knowledge.services import retrieval, tuning
    from knowledge.services.visibility import view_of

    params, query = tuning.effective(), asked(question)
    with caught() as statements:
        if booked:
            providers.embed_here([question], purpose="search", ref="bench")
        retrieval.find(asked=query, limit=params.rerank_top_k, view=view_of("bench"), params=params)
    return statements


def asked(question: str) -> Any:
    """Return a question with its vector, as the legs of the search take it."""
    from kimono.providers.local import LocalEncoder
    from knowledge.services.retrieval.legs import Query

    encoder = LocalEncoder()
    return Query(question, encoder.encode([question])[0], encoder.encoder_id)


def main(task_file: str, target: str) -> None:
    """Read a task, make its plan, write it."""
    import django

    django.setup()
    task = pickle.loads(Path(task_file).read_bytes())
    plans = {TurnTask: plan_turn, StreamTask: plan_stream, LiveTask: plan_live}
    Path(target).write_bytes(pickle.dumps(plans[type(task)](task)))


if __name__ == "__main__":
    # Under its real name, so that what is pickled can be read by others.
    from benchmarks import plans

    plans.main(*sys.argv[1:])
