"""Public tables of the platform. A row that belongs to a tenant carries `tenant_id` and row-level security."""

from tenants.models.audit import AuditRow
from tenants.models.idempotency import IdempotencyRecord
from tenants.models.jobs import Job
from tenants.models.keys import ApiKey
from tenants.models.metrics import MetricMinute, MetricPoint
from tenants.models.outbox import OutboxEvent
from tenants.models.templates import Template
from tenants.models.tenant import Domain, SchemaTemplate, Tenant
from tenants.models.usage import Budget, Price, UsageRecord

__all__ = [
    "ApiKey",
    "AuditRow",
    "Budget",
    "Domain",
    "IdempotencyRecord",
    "Job",
    "MetricMinute",
    "MetricPoint",
    "OutboxEvent",
    "Price",
    "SchemaTemplate",
    "Template",
    "Tenant",
    "UsageRecord",
]
