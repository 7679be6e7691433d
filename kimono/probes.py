"""Probes: is the process alive, can the first question be asked. Answered on every host, for anybody."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router, Schema, Status

import kimono
from kimono.lib import db
from kimono.lib.errors import Unavailable
from kimono.lib.threads import in_thread

router = Router(tags=["system"])


class Health(Schema):
    """SY-01."""

    status: str
    app: str
    version: str
    timestamp: str
    insecure_mode: bool


class Ready(Schema):
    """SY-04."""

    ready: bool
    message: str


class Alive(Schema):
    """SY-05."""

    alive: bool
    timestamp: str


def _now() -> str:
    return timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")


def unready() -> str | None:
    """Return why the first question cannot be asked yet, or None."""
    try:
        with db.public_scope(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolsuper OR rolbypassrls, (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n"
                " ON n.oid = e.extnamespace WHERE e.extname = 'vector'), to_regclass('tenants_tenant') IS NOT NULL"
                " FROM pg_roles WHERE rolname = current_user"
            )
            powerful, vector_schema, migrated = cursor.fetchone()
    except DatabaseError:
        return "The database does not answer."
    if powerful:
        return "The database role is superuser or bypasses row-level security."
    if vector_schema != db.PUBLIC:
        return "The extension vector is not in the schema public."
    return None if migrated else "The database is not migrated."


async def livez(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process runs."""
    return HttpResponse("ok", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the first question can be asked, else 503."""
    why = await in_thread(unready)
    return HttpResponse("ok" if why is None else "not ready", status=200 if why is None else 503)


@router.get("/health", response=Health, operation_id="SY-01", auth=None, summary="Health")
async def health(request: HttpRequest) -> dict[str, object]:
    """Say that the application runs."""
    return {
        "status": "ok",
        "app": "Kimono",
        "version": kimono.__version__,
        "timestamp": _now(),
        "insecure_mode": settings.OPEN_API,
    }


@router.get("/system/ready", response={200: Ready}, operation_id="SY-04", auth=None, summary="Ready")
async def ready(request: HttpRequest) -> Status[dict[str, object]]:
    """Say whether the first question can be asked."""
    why = await in_thread(unready)
    if why is not None:
        raise Unavailable(why)
    return Status(200, {"ready": True, "message": "ready"})


@router.get("/system/live", response=Alive, operation_id="SY-05", auth=None, summary="Live")
async def live(request: HttpRequest) -> dict[str, object]:
    """Say that the process is alive."""
    return {"alive": True, "timestamp": _now()}
