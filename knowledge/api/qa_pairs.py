"""Doors of QA pairs and their synchronisation: QA-01…13, AL-06, AL-07."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status, UploadedFile

from kimono.lib import tables
from kimono.lib.errors import Invalid
from kimono.lib.threads import in_thread
from knowledge.schemas import jobs as job_shapes
from knowledge.schemas import qa_pairs as shapes
from knowledge.schemas.qa_pairs import show_pair, show_quality, show_report
from knowledge.services import syncing
from knowledge.services.qa_pairs import exporting, importing, reading, templates, writing
from knowledge.services.qa_pairs.quality import evaluate as evaluate_pair
from tenants.auth import AsyncGuard, Guard, actor_of
from tenants.paging import Paged, paged
from tenants.services import auditing

router = Router(tags=["qa-pairs"])
KNOWLEDGE = Guard("knowledge")
AKNOWLEDGE = AsyncGuard("knowledge")
IMPORT = AsyncGuard("knowledge", limits=("ingest",), max_bytes=importing.MOST_BYTES + 64 * 1024)


@router.get("/knowledge/qa-pairs", response=Paged[shapes.QAPairOut], auth=KNOWLEDGE, operation_id="QA-01")
def list_pairs(request: HttpRequest, query: Query[shapes.QAQuery]) -> dict[str, Any]:
    """List the QA pairs that match."""
    return paged(reading.listed(**query.dict(exclude={"page", "page_size"})), query, show_pair)


@router.post("/knowledge/qa-pairs", response={201: shapes.QAPairMade}, auth=AKNOWLEDGE, operation_id="QA-02")
async def create_pair(request: HttpRequest, data: shapes.QAPairIn) -> Status[dict[str, Any]]:
    """Make a QA pair, live in this call; low quality warns and never refuses."""
    pair, quality = await writing.create(draft=data.draft(), by=actor_of(request))
    return Status(201, {**await in_thread(show_pair, pair), "warnings": list(quality.issues)})


_ROWS = {"type": "array", "items": {"type": "object"}}
_BYTES = {"type": "string", "format": "binary"}


def _described_files(*formats: tables.TableFormat) -> dict[str, Any]:
    """Return the OpenAPI description of an answer that is a file of one of these formats."""
    content = {
        tables.MIME[format].split(";")[0]: {"schema": _ROWS if format == "json" else _BYTES}
        for format in formats
    }
    return {"responses": {200: {"content": content}}}


@router.get(
    "/knowledge/qa-pairs/export",
    response={200: None},
    auth=Guard("knowledge", limits=("export",)),
    operation_id="QA-08",
    openapi_extra=_described_files("xlsx", "csv", "json"),
)
def export_pairs(
    request: HttpRequest, query: Query[shapes.QAFilters], format: Literal["xlsx", "csv", "json"]
) -> HttpResponse:
    """Download the QA pairs that match, in a form that can be imported again."""
    content = exporting.export(reading.listed(**query.dict()), format=format)
    auditing.record(action="export_qa_pairs", by=actor_of(request), target_type="qa_pair")
    return _file(content, f"qa-pairs.{format}", format)


@router.get(
    "/knowledge/qa-pairs/import-template",
    response={200: None},
    auth=KNOWLEDGE,
    operation_id="QA-09",
    openapi_extra=_described_files("csv", "xlsx"),
)
def import_template(request: HttpRequest, format: Literal["csv", "xlsx"]) -> HttpResponse:
    """Download an example file of the import."""
    return _file(exporting.import_template(format=format), f"qa-import-template.{format}", format)


def _file(content: bytes, name: str, format: tables.TableFormat) -> HttpResponse:
    response = HttpResponse(content, content_type=tables.MIME[format])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@router.post("/knowledge/qa-pairs/bulk", response=shapes.BulkOut, auth=KNOWLEDGE, operation_id="QA-06")
def bulk(request: HttpRequest, data: shapes.BulkIn) -> dict[str, Any]:
    """Delete, synchronise or categorise many QA pairs; foreign ids count as not found."""
    by = actor_of(request)
    if data.operation == "delete":
        result = writing.bulk_delete(qa_ids=data.qa_ids, by=by)
    elif data.operation == "sync":
        result = syncing.bulk_start(qa_ids=data.qa_ids, by=by)
    else:
        if not data.category:
            raise Invalid("is required for update_category", loc=["body", "category"], type="missing")
        result = writing.bulk_categorise(qa_ids=data.qa_ids, category=data.category, by=by)
    return {
        "success_count": result.done,
        "failed_count": len(result.not_found),
        "errors": [f"{qa_id}: not_found" for qa_id in result.not_found],
    }


@router.post(
    "/knowledge/qa-pairs/import",
    response={200: shapes.ImportReport, 202: job_shapes.JobOut},
    auth=IMPORT,
    operation_id="QA-07",
)
async def import_pairs(
    request: HttpRequest, file: File[UploadedFile], data: Form[shapes.ImportForm]
) -> Status[dict[str, Any]]:
    """Import QA pairs from CSV or XLSX; `dry_run` writes nothing and reports what a real run would."""
    content = file.read()
    name, by = file.name or "", actor_of(request)
    rows = await in_thread(importing.row_count, content=content, name=name)
    if data.run_async or rows > importing.INLINE_ROWS:
        job = await in_thread(
            importing.start, content=content, name=name, dry_run=data.dry_run, mode=data.mode, by=by
        )
        return Status(202, job_shapes.show_job(job))
    report = await importing.run(content=content, name=name, dry_run=data.dry_run, mode=data.mode, by=by)
    return Status(200, show_report(report))


@router.post(
    "/knowledge/qa-pairs/evaluate",
    response=shapes.EvaluateOut,
    auth=Guard("knowledge", reads=True),
    operation_id="QA-10",
)
def evaluate(request: HttpRequest, data: shapes.EvaluateIn) -> dict[str, Any]:
    """Say how good a QA pair would be."""
    return show_quality(evaluate_pair(question=data.question, answer=data.answer))


@router.post(
    "/learning/evaluate",
    response=shapes.EvaluateOut,
    auth=Guard("knowledge", reads=True),
    operation_id="AL-07",
)
def evaluate_alias(request: HttpRequest, data: shapes.EvaluateIn) -> dict[str, Any]:
    """Say how good a QA pair would be; another name of QA-10."""
    return show_quality(evaluate_pair(question=data.question, answer=data.answer))


@router.get("/knowledge/qa-pairs/{qa_id}", response=shapes.QAPairOut, auth=KNOWLEDGE, operation_id="QA-03")
def get_pair(request: HttpRequest, qa_id: str) -> dict[str, Any]:
    """Return a QA pair."""
    return show_pair(writing.get(qa_id=qa_id))


@router.put("/knowledge/qa-pairs/{qa_id}", response=shapes.QAPairOut, auth=AKNOWLEDGE, operation_id="QA-04")
async def update_pair(request: HttpRequest, qa_id: str, data: shapes.QAPairPatch) -> dict[str, Any]:
    """Change a QA pair, live in this call."""
    pair, _ = await writing.update(qa_id=qa_id, change=data.applied, by=actor_of(request))
    return await in_thread(show_pair, pair)


@router.delete("/knowledge/qa-pairs/{qa_id}", response=shapes.Deleted, auth=KNOWLEDGE, operation_id="QA-05")
def delete_pair(request: HttpRequest, qa_id: str) -> dict[str, Any]:
    """Delete a QA pair: gone from answers in this call."""
    writing.delete(qa_id=qa_id, by=actor_of(request))
    return {"success": True, "message": "QA 已删除"}


@router.get(
    "/knowledge/qa-pairs/{qa_id}/upstream",
    response=shapes.UpstreamOut,
    auth=KNOWLEDGE,
    operation_id="QA-13",
)
def upstream(request: HttpRequest, qa_id: str) -> dict[str, Any]:
    """Compare a QA pair with the template it came from."""
    found = templates.upstream(qa_id=qa_id)
    template = found.template
    here = found.pair if template is not None else None
    return {
        "template_id": template.pk if template is not None else None,
        "yours": {"question": here and here.question, "answer": here and here.answer},
        "upstream": {
            "question": template and template.question,
            "answer": template and template.answer,
            "version": template and template.version,
        },
        "diff": found.diff,
    }


def _sync(request: HttpRequest, data: shapes.SyncIn | None) -> dict[str, Any]:
    asked = data or shapes.SyncIn()
    by = actor_of(request)
    job = syncing.start(by=by, limit=asked.limit, full=asked.full)
    return {
        "success": True,
        "message": "同步任务已触发",
        "job_id": job.job_id,
        "pending_count": syncing.pending_count(),
    }


@router.post("/knowledge/sync", response=shapes.SyncOut, auth=KNOWLEDGE, operation_id="QA-11")
def sync(request: HttpRequest, data: shapes.SyncIn | None = None) -> dict[str, Any]:
    """Start a synchronisation."""
    return _sync(request, data)


@router.post("/learning/sync", response=dict[str, Any], auth=KNOWLEDGE, operation_id="AL-06")
def sync_alias(request: HttpRequest, data: shapes.SyncIn | None = None) -> dict[str, Any]:
    """Start a synchronisation; another name of QA-11."""
    result = _sync(request, data)
    return {"message": result["message"], "result": result}


@router.get("/knowledge/sync/status", response=shapes.SyncStatus, auth=KNOWLEDGE, operation_id="QA-12")
def sync_status(request: HttpRequest) -> dict[str, Any]:
    """Say whether a synchronisation runs and what waits."""
    return syncing.status()
