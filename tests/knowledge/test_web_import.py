"""Documents from the web: KB-02, and fetching again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kimono.lib import db, queue
from knowledge.models import Document, Version
from tenants.models import Job, Tenant
from tests.knowledge.uploads import found, work
from tests.providers.test_fetching import Canary, _send, canary
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["canary"]
PAGE = "<html><title>退货</title><body><h1>退货</h1><p>签收后 {days} 天内可退货。</p></body></html>"


def page(days: int) -> Callable[[Any], None]:
    body = PAGE.format(days=days).encode()
    return lambda handler: _send(handler, 200, body, Content_Type="text/html; charset=utf-8")


@pytest.fixture
def web(canary: Canary, settings: Any) -> Canary:
    """A site that may be fetched."""
    settings.FETCHED_ALSO = canary.opened.also
    canary.answers["/returns"] = page(7)
    return canary


def caller(tenant: Tenant, new_key: Callable[..., str]) -> Caller:
    return at(tenant, X_API_Key=new_key(tenant, scopes=["knowledge"]))


def test_a_page_is_fetched_by_a_job_and_found(
    web: Canary, alpha: Tenant, new_key: Callable[..., str]
) -> None:
    who = caller(alpha, new_key)
    answer = who.post(
        "knowledge/ingest/url", {"url": web.url("/returns"), "knowledge_type": "policy", "refresh_hours": 2}
    )
    assert answer.status_code == 202, answer.content
    assert work() == 1
    job = who.get(f"knowledge/jobs/{answer.json()['job_id']}").json()
    assert (job["status"], job["kind"], job["progress"]) == ("succeeded", "ingest", 1.0), job
    result = job["result"]
    assert (result["status"], result["source"], result["version"]) == ("success", web.url("/returns"), "v1")
    with db.tenant_scope(alpha):
        document = Document.objects.get()
        assert (document.url, document.refresh_hours) == (web.url("/returns"), 2)
        assert (document.knowledge_type, document.file_type) == ("policy", "html")
        assert "7 天" in found("几天内可以退货")[0]


def test_what_is_not_allowed_is_refused_at_once_and_also_behind_a_redirect(
    web: Canary, alpha: Tenant, new_key: Callable[..., str]
) -> None:
    who = caller(alpha, new_key)
    for url in ("http://127.0.0.1/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/x"):
        refused = who.post("knowledge/ingest/url", {"url": url})
        assert (refused.status_code, refused.json()["code"]) == (422, "url_not_allowed"), url
    assert who.post("knowledge/ingest/url", {"url": web.url("/x"), "refresh_hours": 721}).status_code == 422
    for path, there in (("/away", "http://10.0.0.1/"), ("/gone", "")):
        web.answers[path] = lambda handler, there=there: _send(
            handler, 302 if there else 404, **({"Location": there} if there else {})
        )
    codes = {}
    for path in ("/away", "/gone"):
        job_id = who.post("knowledge/ingest/url", {"url": web.url(path)}).json()["job_id"]
        work()
        job = who.get(f"knowledge/jobs/{job_id}").json()
        codes[path] = (job["status"], job["errors"][0]["code"])
    assert codes == {"/away": ("failed", "url_not_allowed"), "/gone": ("failed", "fetch_failed")}
    assert who.get("knowledge/documents").json()["total"] == 0


def test_due_documents_are_fetched_again_and_unchanged_ones_get_no_version(
    web: Canary, alpha: Tenant, beta: Tenant, new_key: Callable[..., str]
) -> None:
    for tenant in (alpha, beta):
        who = caller(tenant, new_key)
        for path, hours in (("/returns", 2), ("/once", 0)):
            assert (
                who.post("knowledge/ingest/url", {"url": web.url(path), "refresh_hours": hours}).status_code
                == 202
            )
    work()
    web.asked.clear()
    again = queue.app.tasks["knowledge.fetch_again"]
    again.apply(throw=True)
    assert work() == 0
    for tenant in (alpha, beta):
        with db.tenant_scope(tenant):
            Document.objects.update(fetched_at=timezone.now() - timedelta(hours=2, minutes=1))
    again.apply(throw=True)
    again.apply(throw=True)
    assert work() == 2, "each merchant's due document once"
    assert web.asked == ["/returns", "/returns"]
    web.answers["/returns"] = page(30)
    with db.tenant_scope(alpha):
        assert Version.objects.count() == 2
        Document.objects.update(fetched_at=timezone.now() - timedelta(hours=2, minutes=1))
    again.apply(throw=True)
    assert work() == 1
    with db.tenant_scope(alpha):
        assert "30 天" in found("几天内可以退货")[0]
        assert Document.objects.get(url=web.url("/returns")).current_version.label == "v2"  # type: ignore[union-attr]
        assert set(Job.objects.values_list("status", flat=True)) == {"succeeded"}
    with db.tenant_scope(beta):
        assert Version.objects.count() == 2
