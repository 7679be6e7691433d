"""Celery's doors of this floor: run what waits, deliver events, sweep. They belong to no tenant."""

from kimono.lib.queue import app, send
from tenants.services import jobs, metrics, outbox


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
    """Roll counted points up to minutes."""
    metrics.roll_up()
