"""Celery's doors of this floor: run what waits, deliver events, sweep. They belong to no tenant."""

from typing import Any

from kimono.lib.db import current_tenant
from kimono.lib.jobs import JobRun, Result, job
from kimono.lib.queue import app, send
from tenants.services import idempotency, jobs, metrics, outbox, provisioning


@app.task(name="tenants.run_jobs", public=True)
def run_jobs(queue: str) -> None:
    """Run one waiting job of `queue`, and ring again while there may be more."""
    if jobs.run_next(queue):
        send(run_jobs.name, queue, queue=queue)


@app.task(name="tenants.dispatch_outbox", public=True)
def dispatch_outbox() -> None:
    """Deliver waiting events."""
    outbox.dispatch()


@app.task(name="tenants.sweep", public=True)
def sweep() -> None:
    """Find what lost its lease or its ring."""
    jobs.sweep()
    outbox.dispatch()


@app.task(name="tenants.roll_up_metrics", public=True)
def roll_up_metrics() -> None:
    """Roll counted points up to minutes, and forget answers older than a day."""
    metrics.roll_up()
    idempotency.forget_old()


@job("tenants.provision", queue="bulk", kind="provision", abandoned=provisioning.abandon)
def provision(run: JobRun, *, seed: dict[str, Any]) -> Result:
    """Make the schema of the current tenant and what it starts with."""
    provisioning.finish(tenant=current_tenant(), seed=seed)
    return None
