"""What happened on the platform, to be looked at: audit, jobs, calls to models."""

from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import display

from opsconsole.admin.words import ACTIONS, KINDS, STAGES, TARGETS, word
from tenants.admin import ReadOnlyAdmin, percent_bar, platform_site, readable, shortened
from tenants.models import AuditRow, Job, Tenant, UsageRecord

JOB_COLOURS = {"queued": "info", "running": "primary", "succeeded": "success", "failed": "danger"}


def _short(tenant: Tenant | None) -> str:
    return tenant.name if tenant is not None else "–"


class AuditAdmin(ReadOnlyAdmin):
    """What was done, newest first."""

    list_display = ("timestamp", "merchant", "username", "act", "target", "ip_address", "success")
    list_filter = (("tenant", RelatedDropdownFilter), "success", ("timestamp", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("username", "action", "target_id", "message", "request_id")
    search_help_text = _("Searches in users, actions, objects and request numbers")
    fields = (
        ("timestamp", "tenant"),
        ("username", "user_id"),
        ("act", "success"),
        ("target_type", "target_id"),
        ("ip_address", "request_id"),
        "said",
        "error_message",
    )
    readonly_fields = ("act", "said")

    @display(description=_("Merchant"), ordering="tenant__name")
    def merchant(self, row: AuditRow) -> str:
        """Return the merchant's name."""
        return _short(row.tenant)

    @display(description=_("Action"), ordering="action")
    def act(self, row: AuditRow) -> str:
        """Return what was done, in people's words."""
        return word(ACTIONS, row.action)

    @display(description=_("Object"), ordering="target_type")
    def target(self, row: AuditRow) -> str:
        """Return what it was done to."""
        return shortened(" ".join(filter(None, (word(TARGETS, row.target_type), row.target_id))), 48) or "–"

    @display(description=_("Details"))
    def said(self, row: AuditRow) -> str:
        """Return the details."""
        return readable(row.details)


class JobAdmin(ReadOnlyAdmin):
    """Background jobs of all merchants. What a job was given is not shown: it may hold what nobody should read."""

    list_display = ("does", "merchant", "state", "step", "share", "attempts", "source", "created_at")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("tenant", RelatedDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("job_id", "source", "name")
    fields = (
        ("job_id", "tenant"),
        ("does", "name"),
        ("status", "step"),
        ("share", "source"),
        ("attempts", "losses"),
        ("created_at", "run_after"),
        ("started_at", "finished_at"),
        "error",
        "faults",
    )
    readonly_fields = ("does", "step", "share", "faults")

    @display(description=_("Job"), ordering="kind")
    def does(self, job: Job) -> str:
        """Return what the job does, in people's words."""
        return word(KINDS, job.kind)

    @display(description=_("Stage"), ordering="stage")
    def step(self, job: Job) -> str:
        """Return how far the job is, in people's words."""
        return word(STAGES, job.stage)

    @display(description=_("What could not be read"))
    def faults(self, job: Job) -> str:
        """Return the parts that could not be read."""
        return readable(job.errors)

    @display(description=_("Merchant"), ordering="tenant__name")
    def merchant(self, job: Job) -> str:
        """Return the merchant's name."""
        return _short(job.tenant)

    @display(description=_("Status"), ordering="status", label=JOB_COLOURS)
    def state(self, job: Job) -> tuple[str, str]:
        """Return the status as a label."""
        return job.status, job.get_status_display()

    @display(description=_("Progress"), ordering="progress")
    def share(self, job: Job) -> str:
        """Return the progress as a bar."""
        return percent_bar(job.progress)


class UsageAdmin(ReadOnlyAdmin):
    """Calls to models and what they cost."""

    list_display = (
        "timestamp",
        "merchant",
        "api_type",
        "operation",
        "model",
        "tokens_input",
        "tokens_output",
        "latency_ms",
        "cost",
        "success",
    )
    list_filter = (("tenant", RelatedDropdownFilter), "success", ("timestamp", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("model", "ref", "session_id", "error_code")

    @display(description=_("Merchant"), ordering="tenant__name")
    def merchant(self, row: UsageRecord) -> str:
        """Return the merchant's name."""
        return _short(row.tenant)

    @display(description=_("Cost (CNY)"), ordering="cost_cny")
    def cost(self, row: UsageRecord) -> str:
        """Return the cost to a hundredth of a fen."""
        return f"{row.cost_cny:.4f}"


platform_site.register(AuditRow, AuditAdmin)
platform_site.register(Job, JobAdmin)
platform_site.register(UsageRecord, UsageAdmin)
