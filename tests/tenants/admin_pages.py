"""What the tests of the admin sites share: signing in by the page, sending forms, rows of every kind."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from kimono.lib import db
from tenants.models import Price, Template, Tenant, UsageRecord
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import PASSWORD, Caller, at

URLCONFS = {"merchant": "kimono.urls", "platform": "kimono.urls_platform"}


def signed_in(tenant: Tenant | None, username: str) -> Caller:
    """Return a browser that has come in by the login page."""
    caller = at(tenant)
    caller.get("/admin/login/", Accept="text/html")
    answer = sent(caller, "/admin/login/?next=/admin/", {"username": username, "password": PASSWORD})
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/admin/"), answer.content[:500]
    return caller


def sent(caller: Caller, path: str, fields: dict[str, Any], **headers: str) -> Any:
    """Send a form as a page does, with its token."""
    token = caller.browser.cookies["csrftoken"].value
    headers = {"Accept": "text/html", "Accept_Language": "zh-CN", **headers}
    return caller.form(path, {**fields, "csrfmiddlewaretoken": token}, **headers)


def text_of(caller: Caller, path: str, language: str = "zh-CN") -> str:
    """Return a page that is there."""
    answer = caller.get(path, Accept="text/html", Accept_Language=language)
    assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
    return str(answer.content.decode())


def page(site: str, name: str, *args: Any) -> str:
    """Return the path of a page of a site."""
    return reverse(f"{site}:{name}", args=args, urlconf=URLCONFS[site])


def add_pair(caller: Caller, question: str = "几点开门？", **fields: Any) -> Any:
    """Fill in the form of a new pair and send it."""
    given = {
        "question": question, "similar_questions": "", "answer": "早上九点。", "category": "营业",
        "keywords": "", "priority": "0", "enabled": "on",
        "valid_from_0": "", "valid_from_1": "", "valid_to_0": "", "valid_to_1": "",
    }  # fmt: skip
    return sent(caller, "/admin/knowledge/qapair/add/", {**given, **fields})


def fill_merchant(caller: Caller, tenant: Tenant, key: str) -> None:
    """Make a row of every kind that a merchant's admin shows."""
    from conversations.services import scenes
    from knowledge.services import feedback, questions
    from knowledge.services.documents import uploading

    assert add_pair(caller).status_code == 302
    with db.tenant_scope(tenant):
        uploading.upload(content="# 规则\n\n定金可退。".encode(), name="规则.md", by=SYSTEM)
        questions.record(text="火星有店吗？", unit="sess-1", outcome="refused")
        feedback.submit(
            session_id="sess-1",
            message_id="msg-1",
            question="几点开门？",
            answer="九点",
            vote="up",
            by=SYSTEM,
        )
        schema = {"type": "object", "required": ["no"], "properties": {"no": {"type": "string"}}}
        scenes.create(given={"name": "查订单", "schema": schema, "then": "handoff"}, by=SYSTEM)
        fill_evaluation()
        fill_desk()
    answer = at(tenant, X_API_Key=key).post("chat", {"message": "转人工", "user_id": "C-77"})
    assert answer.status_code == 200, answer.content


def fill_desk() -> None:
    """Make what agents leave and what they have ready."""
    from agents.services import canned_replies, groups
    from knowledge.services import solutions, tickets

    now = timezone.now()
    solutions.submit(
        question="雨天开门吗？",
        solution="照常开门。",
        intent="knowledge_qa",
        submitted_by="a-1",
        by=SYSTEM,
        now=now,
    )
    tickets.create(title="衣物破损", by=SYSTEM, now=now)
    reply = {"shortcut": "th", "title": "退货", "content": "请在订单页申请。"}
    canned_replies.create(given=reply, scope="tenant", owner="a-1", supervisor=True, by=SYSTEM, now=now)
    groups.create(name="售后", by=SYSTEM, now=now)


def fill_evaluation() -> None:
    """Make a test set with a run of it, and a sample of one answer, in the merchant in force."""
    from knowledge.services.evaluation import datasets, running, samples
    from knowledge.services.evaluation.cases import Case
    from knowledge.services.evaluation.samples import Answered, Draw

    cases = [Case(query="几点开门？", category="营业"), Case(query="火星有店吗？", answerable=False)]
    dataset = datasets.create(name="每周回归", cases=cases, by=SYSTEM)
    order = running.Order(dataset_id=dataset.public_id, mode="retrieval")
    running.run_now(order=order, by=SYSTEM, told=lambda fraction: None)
    answers = [
        Answered(f"sess-{n}", f"msg-{n}", f"问题 {n}", f"答案 {n}", 0.9, [], [("qa-1", 0.9)])
        for n in (1, 2, 3)
    ]
    samples.create(items=answers, draw=Draw(population=9, strategy="random", seed=7), by=SYSTEM)


def fill_platform() -> None:
    """Make a row of every kind that the platform's admin shows, besides merchants and people."""
    from django.utils import timezone

    from knowledge.services import upkeep
    from tenants.services import auditing, jobs

    with db.public_scope(), db.platform_scope():
        Template.objects.create(question="如何退货？", answer="七天内可退。")
        Price.objects.create(
            provider="openai", model="*", operation="chat", input_per_1k=1, output_per_1k=2,
            valid_from=timezone.now(),
        )  # fmt: skip
        auditing.record(action="update_settings", by=SYSTEM, target_type="settings")
        UsageRecord.objects.create(
            timestamp=timezone.now(), api_type="local", operation="embedding", purpose="index",
            model="local-hash", success=True,
        )  # fmt: skip
        tenant = Tenant.objects.get(slug="alpha")
    with db.tenant_scope(tenant):
        jobs.enqueue(upkeep.TIDY, by="")
