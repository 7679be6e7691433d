"""The Celery application and its strict task: a task runs for the tenant it was sent for, or not at all.

Celery swallows exceptions of `task_prerun`, where the schema is switched; without the check in `before_start` a
task of a tenant that is gone would run in `public`.
"""

import logging
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django_tenants.utils import get_tenant_model
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError
from tenant_schemas_celery.app import CeleryApp, get_schema_name_from_task
from tenant_schemas_celery.task import TenantTask

from kimono.lib import db

log = logging.getLogger(__name__)


# Both switch schemas where no exception is heard; `StrictTask` does it instead.
task_prerun.disconnect(dispatch_uid="tenant_schemas_switch_schema")
task_postrun.disconnect(dispatch_uid="tenant_schemas_restore_schema")


class StrictTask(TenantTask):
    """Run in the schema of the task's header or not at all.

    A task with `public = True` belongs to no tenant and enters what it needs by itself.
    """

    abstract = True
    public = False

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Enter the schema before the first line of the task runs. Raises `NoTenant`."""
        db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC))
        if self.public:
            return
        wanted = get_schema_name_from_task(self, kwargs)
        if not wanted or wanted == db.PUBLIC:
            raise db.NoTenant(f"{self.name} was sent without a tenant")
        tenant = get_tenant_model().objects.filter(schema_name=wanted).first()
        if tenant is None or not tenant.is_routable:
            raise db.NoTenant(f"{self.name} is meant for {wanted}, which is not there")
        db.set_scope(db.Scope(tenant=tenant, schema=tenant.schema_name))

    def after_return(self, *args: Any, **kwargs: Any) -> None:
        """Leave no tenant behind in the process."""
        db.set_scope(None)
        db.released()


app = CeleryApp("kimono", task_cls=StrictTask)
app.config_from_object("django.conf:settings", namespace="CELERY")


def is_reachable() -> bool:
    """Tell whether the broker answers now; waits half a second at most."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    try:
        with Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5) as broker:
            return bool(broker.ping())
    except (RedisError, OSError):
        return False


def is_worked() -> bool:
    """Tell whether a worker answers; waits two seconds at most. Needs a broker that is there."""
    try:
        return bool(app.control.ping(timeout=2.0, limit=1))
    except (OperationalError, RedisError, OSError):
        return False


def send(name: str, *args: Any, queue: str) -> None:
    """Send the task called `name` now, without waiting for a broker that is down."""
    try:
        app.send_task(name, args=args, queue=queue, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("the queue could not be rung: %s", type(error).__name__)
