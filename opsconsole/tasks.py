"""Background doors of this floor."""

from django.utils import timezone

from kimono.lib.queue import app
from opsconsole.services import alerts, watching


@app.task(name="opsconsole.watch_components", public=True)
def watch_components() -> None:
    """Tell operators which parts of the platform have gone down, suffer, or are back"""
    watching.look(now=timezone.now())


@app.task(name="opsconsole.check_alerts", public=True)
def check_alerts() -> None:
    """Raise the alerts whose rules hold, resolve those that are over, and tell operators"""
    alerts.check(now=timezone.now())
