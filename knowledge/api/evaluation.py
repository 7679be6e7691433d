"""Doors of test sets and of runs over them: EV-01…08."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from ninja.errors import ValidationError as RefusedBody
from pydantic import ValidationError as Faults

from kimono.lib import plain_json, tables
from kimono.lib.errors import Invalid, Unsupported
from kimono.lib.threads import in_thread
from knowledge.schemas import evaluation as shapes
from knowledge.schemas.evaluation import show_dataset
from knowledge.schemas.jobs import JobOut, show_job
from knowledge.services.documents import results
from knowledge.services.evaluation import cases, datasets, reports, running
from tenants.auth import AsyncGuard, Guard, actor_of
from tenants.models import Job
from tenants.paging import Page, Paged, paged
from tenants.services import ringing

router = Router(tags=["evaluation"])
READS = Guard("knowledge", "analytics")
WRITES = Guard("knowledge")
UPLOAD = Guard("knowledge", limits=("ingest",), max_bytes=cases.MOST_BYTES + 64 * 1024)
RUN = AsyncGuard("knowledge", limits=("evaluation",))
EXPORT = Guard("knowledge", "analytics", limits=("export",))
_WAIT_SECONDS = 240.0
_EITHER_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["name", "cases"],
                    "properties": {
                        "name": {"type": "string", "maxLength": 100},
                        "cases": {"type": "array", "items": {"$ref": "#/components/schemas/Case"}},
                    },
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["name", "file"],
                    "properties": {
                        "name": {"type": "string", "maxLength": 100},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
        },
    }
}
FILE = {
    "responses": {
        200: {
            "content": {
                tables.MIME[format].split(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                for format in ("xlsx", "csv")
            }
        }
    }
}


@router.get("/evaluation/datasets", response=Paged[shapes.DatasetOut], auth=READS, operation_id="EV-01")
def list_datasets(request: HttpRequest, query: Query[Page]) -> dict[str, Any]:
    """List the test sets, newest first and the built-in one last."""
    return paged(datasets.Listing(), query, show_dataset)


@router.post(
    "/evaluation/datasets",
    response={201: shapes.DatasetOut},
    auth=UPLOAD,
    operation_id="EV-02",
    openapi_extra=_EITHER_BODY,
)
def create_dataset(request: HttpRequest) -> Status[dict[str, Any]]:
    """Store a test set, as JSON or as a file (.jsonl, .csv, .xlsx); a file that is wrong is told row by row."""
    if (request.content_type or "").lower() == "multipart/form-data":
        name, found = _of_form(request)
    else:
        given = _parsed(shapes.DatasetIn, _json_of(request), place="body")
        name, found = given.name, given.cases
    return Status(201, show_dataset(datasets.create(name=name, cases=found, by=actor_of(request))))


def _json_of(request: HttpRequest) -> Any:
    kind = (request.content_type or "").lower()
    if kind not in ("", "application/json"):
        raise Unsupported(supported=["application/json", "multipart/form-data"])
    try:
        return plain_json.read(request.body)
    except ValueError:
        raise Invalid("Invalid JSON", loc=["body"], type="json_invalid", code="invalid_json") from None


def _of_form(request: HttpRequest) -> tuple[str, list[cases.Case]]:
    form = _parsed(shapes.DatasetForm, plain_json.storable(request.POST.dict()), place="form")
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("Field required", loc=["form", "file"], type="missing")
    return form.name, cases.read(file.read(), file.name or "")


def _parsed(shape: Any, values: Any, *, place: Literal["body", "form"]) -> Any:
    """Return values as a shape. Raises what ninja raises for a body that does not fit."""
    try:
        return shape.model_validate(values)
    except Faults as faults:
        raise RefusedBody(
            [{**fault, "loc": (place, *fault["loc"])} for fault in faults.errors(include_url=False)]
        ) from None


@router.get(
    "/evaluation/datasets/{dataset_id}",
    response=shapes.DatasetWithCases,
    auth=READS,
    operation_id="EV-03",
)
def get_dataset(request: HttpRequest, dataset_id: str, query: Query[Page]) -> dict[str, Any]:
    """Return a test set with a page of its cases."""
    shown, found = datasets.get(dataset_id=dataset_id)
    return {**show_dataset(shown), **paged(found, query)}


@router.delete("/evaluation/datasets/{dataset_id}", response={204: None}, auth=WRITES, operation_id="EV-04")
def delete_dataset(request: HttpRequest, dataset_id: str) -> Status[None]:
    """Delete a test set; the reports of its runs stay."""
    datasets.delete(dataset_id=dataset_id, by=actor_of(request))
    return Status(204, None)


@router.post(
    "/evaluation/run",
    response={200: shapes.ReportWithCases, 202: JobOut},
    auth=RUN,
    operation_id="EV-05",
    exclude_unset=True,
)
async def run(request: HttpRequest, data: shapes.RunIn) -> Status[dict[str, Any]]:
    """Ask the questions of a test set; more than 200, or on request, in the background."""
    await in_thread(ringing.check_up)
    report, job = await in_thread(running.start, order=data.order(), by=actor_of(request))
    waits = not data.run_async and report.total <= running.MOST_WAITED_FOR
    if waits:
        job = await results.outcome(job.job_id, wait_seconds=_WAIT_SECONDS)
    if not waits or job.status not in Job.FINAL:
        return Status(202, show_job(job))
    if job.status != Job.Status.SUCCEEDED or job.result is None:
        raise results.refusal_of(job)
    return Status(200, job.result)


@router.get("/evaluation/reports", response=Paged[shapes.Report], auth=READS, operation_id="EV-06")
def list_reports(request: HttpRequest, query: Query[shapes.ReportsQuery]) -> dict[str, Any]:
    """List the reports of runs, newest first."""
    return paged(reports.listed(dataset_id=query.dataset_id), query, reports.shown)


@router.get(
    "/evaluation/reports/{report_id}",
    response=shapes.ReportWithCases,
    auth=READS,
    operation_id="EV-07",
    exclude_unset=True,
)
def get_report(request: HttpRequest, report_id: str, query: Query[shapes.CompareQuery]) -> dict[str, Any]:
    """Return a report with its cases; on request with what became better and worse since another one."""
    report = reports.get(report_id=report_id)
    found = reports.shown(report, with_cases=True)
    if query.compare_to:
        earlier = reports.get(report_id=query.compare_to)
        found["regression"] = reports.compared(report=report, earlier=earlier)
    return found


@router.get(
    "/evaluation/reports/{report_id}/export",
    response={200: None},
    auth=EXPORT,
    operation_id="EV-08",
    openapi_extra=FILE,
)
def export_report(request: HttpRequest, report_id: str, query: Query[shapes.ExportQuery]) -> HttpResponse:
    """Download the cases of a report."""
    report = reports.get(report_id=report_id)
    content = reports.export(report=report, format=query.format, by=actor_of(request))
    return as_file(content, f"{report.public_id}.{query.format}", query.format)


def as_file(content: bytes, name: str, format: Literal["xlsx", "csv"]) -> HttpResponse:
    """Return a table as a file to be stored."""
    response = HttpResponse(content, content_type=tables.MIME[format])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
