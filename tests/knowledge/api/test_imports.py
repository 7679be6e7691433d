"""QA-07 at the door: what is imported in the call, what becomes a job, what is refused and why; times of QA-02."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kimono.lib import tables
from kimono.lib.db import tenant_scope
from knowledge.models import QAPair
from knowledge.services.qa_pairs import importing
from tenants.models import Tenant
from tenants.services import jobs
from tests.knowledge.uploads import work

pytestmark = pytest.mark.django_db(transaction=True)
IMPORT, PAIRS = "/api/v1/knowledge/qa-pairs/import", "/api/v1/knowledge/qa-pairs"


@pytest.fixture
def door(alpha: Tenant, new_key: Callable[..., str]) -> Client:
    """A client of `alpha` with a key."""
    return Client(headers={"x-api-key": new_key(alpha, scopes=("knowledge",)), "host": "alpha.localhost"})


def send(door: Client, content: bytes, name: str = "pairs.csv", **fields: str) -> tuple[int, Any]:
    response = door.post(IMPORT, {"file": SimpleUploadedFile(name, content), **fields})
    return response.status_code, response.json()


def table(rows: int, format: tables.TableFormat = "csv") -> bytes:
    return tables.write(
        ["问题", "答案"], [[f"第{n}号柜怎么开？", "扫码"] for n in range(rows)], format=format
    )


def test_more_than_two_thousand_rows_are_a_job(door: Client) -> None:
    assert send(door, table(2000), dry_run="true")[0] == 200
    assert send(door, table(2001), dry_run="true")[0] == 202


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_large_table_is_a_job(
    door: Client,
    alpha: Tenant,
    format: tables.TableFormat,
    dry_run: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "INLINE_ROWS", 100)
    status, job = send(door, table(101, format), f"pairs.{format}", dry_run=dry_run)
    assert (status, job["kind"]) == (202, "import")
    with tenant_scope(alpha):
        work()
        assert QAPair.objects.count() == (0 if dry_run == "true" else 101)
    result = door.get(f"/api/v1/knowledge/jobs/{job['job_id']}").json()
    assert (result["status"], result["progress"]) == ("succeeded", 1.0)
    assert (result["result"]["dry_run"], result["result"]["success_count"]) == (dry_run == "true", 101)


def test_two_thousand_rows_are_reported_in_the_call(door: Client) -> None:
    status, report = send(door, table(2000), dry_run="true")
    assert (status, report["total_rows"], report["success_count"]) == (200, 2000, 2000)


def test_a_large_import_tells_how_far_it_is(
    door: Client, alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []
    progress = jobs.Run.progress

    def noted(self: jobs.Run, fraction: float, *, stage: str) -> None:
        told.append((stage, fraction))
        progress(self, fraction, stage=stage)

    monkeypatch.setattr(jobs.Run, "progress", noted)
    assert send(door, table(700), **{"async": "true"})[0] == 202
    with tenant_scope(alpha):
        work()
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["parsing", "embedding", "indexing"]
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    assert len(told) > 5


@pytest.mark.parametrize("content", [b"some words of nobody", b"%PDF-1.7 question,answer\na,b\n"])
@pytest.mark.parametrize("fields", [{}, {"async": "true"}])
def test_what_is_no_table_is_refused(door: Client, content: bytes, fields: dict[str, str]) -> None:
    status, body = send(door, content, "x.pdf", **fields)
    assert (status, body["code"], body["supported"]) == (415, "unsupported_media_type", ["csv", "xlsx"])


@pytest.mark.parametrize("fields", [{}, {"async": "true"}])
def test_a_damaged_workbook_is_refused_with_its_reason(door: Client, fields: dict[str, str]) -> None:
    status, body = send(door, table(3, "xlsx")[:-200], "x.xlsx", **fields)
    assert (status, body["code"]) == (422, "unreadable_file")
    (detail,) = body["detail"]
    assert detail["loc"] == ["form", "file"]
    assert "damaged" in detail["msg"]


def test_a_row_is_named_once(door: Client) -> None:
    _, report = send(door, "问题,答案\n怎么退货？,\n".encode(), dry_run="true")
    (error,) = report["row_errors"]
    assert (error["row"], error["message"]) == (2, "问题或答案为空")
    assert report["errors"] == ["第 2 行: 问题或答案为空"]


@pytest.mark.parametrize("value", [1767225600, 1767225600.5, "1767225600", 0, True])
@pytest.mark.parametrize("field", ["valid_from", "valid_to"])
def test_a_number_is_no_time(door: Client, field: str, value: Any) -> None:
    answer = door.post(
        PAIRS, {"question": "营业吗？", "answer": "营业。", field: value}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]
