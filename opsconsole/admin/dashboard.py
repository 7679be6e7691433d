"""The first page of the platform's admin: merchants by state, jobs that wait or failed, today's calls, the audit."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from opsconsole.admin.merchants import STATE_COLOURS
from opsconsole.admin.records import JOB_COLOURS
from opsconsole.admin.words import ACTIONS, KINDS, word
from tenants.admin import Cell, Dashboard, Figure, Panel, shortened, when
from tenants.models import AuditRow, Job, Tenant, UsageRecord

_ROWS = 6
_DAY = timedelta(days=1)


def shown(request: HttpRequest) -> Dashboard:
    """Return what the first page shows: counts over the public tables, never over the merchants' schemas."""
    return Dashboard(figures=[*_merchants(), *_jobs(), *_calls()], panels=[_newest(), _failed(), _audit()])


def _list(model: str, **query: Any) -> str:
    return reverse(f"platform:tenants_{model}_changelist", query=query or None)


def _merchants() -> list[Figure]:
    counted = dict(Tenant.objects.order_by().values_list("status").annotate(n=Count("pk")))
    unwell = counted.get(Tenant.Status.FAILED, 0)
    suspended = counted.get(Tenant.Status.SUSPENDED, 0)
    making = counted.get(Tenant.Status.CREATING, 0) + counted.get(Tenant.Status.MIGRATING, 0)
    return [
        Figure(
            _("Active merchants"),
            f"{counted.get(Tenant.Status.ACTIVE, 0):,}",
            "storefront",
            _list("tenant", status__exact="active"),
            _("%(n)s being made or updated") % {"n": making} if making else _("none being made or updated"),
        ),
        Figure(
            _("Suspended or failed"),
            f"{suspended + unwell:,}",
            "block",
            _list("tenant", status__exact="failed" if unwell else "suspended"),
            _("%(n)s failed") % {"n": unwell} if unwell else _("%(n)s suspended") % {"n": suspended},
            urgent=bool(unwell),
        ),
    ]


def _jobs() -> list[Figure]:
    live = Job.objects.filter(status__in=[Job.Status.QUEUED, Job.Status.RUNNING]).aggregate(
        waiting=Count("pk", filter=Q(status=Job.Status.QUEUED)),
        running=Count("pk", filter=Q(status=Job.Status.RUNNING)),
    )
    failed = Job.objects.filter(status=Job.Status.FAILED, finished_at__gte=timezone.now() - _DAY).count()
    return [
        Figure(
            _("Jobs waiting"),
            f"{live['waiting']:,}",
            "hourglass_top",
            _list("job", status__exact="queued"),
            _("%(n)s running") % {"n": live["running"]},
        ),
        Figure(
            _("Jobs failed, 24 hours"),
            f"{failed:,}",
            "error",
            _list("job", status__exact="failed"),
            _("look at them") if failed else _("none"),
            urgent=bool(failed),
        ),
    ]


def _calls() -> list[Figure]:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    used = UsageRecord.objects.filter(timestamp__gte=today).aggregate(
        calls=Count("pk"), cost=Sum("cost_cny"), failed=Count("pk", filter=Q(success=False, cancelled=False))
    )
    return [
        Figure(
            _("Model calls today"),
            f"{used['calls']:,}",
            "bolt",
            _list("usagerecord"),
            _("¥%(cost)s, %(failed)s failed")
            % {"cost": f"{used['cost'] or 0:.2f}", "failed": used["failed"]},
            urgent=bool(used["failed"]),
        )
    ]


def _newest() -> Panel:
    return Panel(
        title=_("Newest merchants"),
        headers=[_("Name"), _("Status"), _("Created at")],
        rows=[
            [
                Cell(shortened(tenant.name, 30), reverse("platform:tenants_tenant_change", args=[tenant.pk])),
                Cell(tenant.get_status_display(), colour=STATE_COLOURS.get(tenant.status, "")),
                Cell(when(tenant.created_at)),
            ]
            for tenant in Tenant.objects.order_by("-created_at")[:_ROWS]
        ],
        empty=_("There is no merchant yet. Add the first one."),
        link=_list("tenant"),
        link_text=_("All of them"),
    )


def _failed() -> Panel:
    jobs = (
        Job.objects.select_related("tenant")
        .filter(Q(status=Job.Status.FAILED) | Q(status__in=[Job.Status.QUEUED, Job.Status.RUNNING]))
        .order_by("-created_at")[:_ROWS]
    )
    return Panel(
        title=_("Jobs that wait, run or failed"),
        headers=[_("Job"), _("Merchant"), _("Status"), _("Created at")],
        rows=[
            [
                Cell(word(KINDS, job.kind), reverse("platform:tenants_job_change", args=[job.pk])),
                Cell(shortened(job.tenant.name, 16) if job.tenant is not None else "–"),
                Cell(job.get_status_display(), colour=JOB_COLOURS.get(job.status, "")),
                Cell(when(job.created_at)),
            ]
            for job in jobs
        ],
        empty=_("All jobs have succeeded."),
        link=_list("job"),
        link_text=_("All of them"),
    )


def _audit() -> Panel:
    rows = AuditRow.objects.select_related("tenant").order_by("-id")[:_ROWS]
    return Panel(
        title=_("Latest acts"),
        headers=[_("Action"), _("User"), _("Merchant"), _("Time")],
        rows=[
            [
                Cell(word(ACTIONS, row.action), reverse("platform:tenants_auditrow_change", args=[row.pk])),
                Cell(row.username or "–"),
                Cell(shortened(row.tenant.name, 16) if row.tenant is not None else "–"),
                Cell(when(row.timestamp)),
            ]
            for row in rows
        ],
        empty=_("Nothing has been done yet."),
        link=_list("auditrow"),
        link_text=_("All of them"),
    )
