"""The worker's entry point: the queue with its doors, and the beat as a thread of the worker, under a lock."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kimono.settings")
# As in `kimono.asgi`; and the pool's processes share the memory of what nobody looks through.
gc.disable()

import django

django.setup()

from typing import Any

from celery.beat import EmbeddedService
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)
from django.db import connections

from kimono import providers
from kimono.beat import LockedScheduler, schedule
from kimono.lib.queue import app
from knowledge.services.folding import fold
from knowledge.services.terms import terms

app.conf.beat_schedule = schedule()
app.autodiscover_tasks(["tenants", "knowledge", "conversations", "agents", "opsconsole"], force=True)

_beat: Any = None


@worker_init.connect
def _warm_up(**_: Any) -> None:
    # Before the pool is forked: its processes share one dictionary, and none loads it during its first job.
    terms(fold("預先熱身"))


@worker_process_init.connect
def _fresh_connections(**_: Any) -> None:
    # A child must not share its parent's sockets or pool.
    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


@worker_process_shutdown.connect
def _send_exports(**_: Any) -> None:
    # The pool ends its processes without what Python does at exit.
    providers.close_exporter()


@worker_ready.connect
def _start_beat(**_: Any) -> None:
    # A thread dies with its worker; the child process of `worker -B` outlives a kill and fires on.
    global _beat
    if os.environ.get("KIMONO_BEAT", "1") == "1":
        _beat = EmbeddedService(app, thread=True, scheduler_cls=LockedScheduler, max_interval=1)
        _beat.daemon = True
        _beat.start()


@worker_shutting_down.connect
def _stop_beat(**_: Any) -> None:
    if _beat is not None:
        _beat.stop()


__all__ = ["app"]

gc.freeze()
gc.enable()
