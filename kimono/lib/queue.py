"""The Celery application and its strict task: a task runs for the tenant it was sent for, or not at all.

Celery swallows exceptions of `task_prerun`, where the schema is switched; without the check in `before_start` a
task of a tenant that is gone would run in `public`.
"""

import logging
from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from tenant_schemas_celery.app import CeleryApp, get_schema_name_from_task
from tenant_schemas_celery.task import TenantTask

from kimono.lib import db

log = logging.getLogger(__name__)


class StrictTask(TenantTask):
    """Refuse to run in another schema than the one in the task's header.

    A task with `public = True` belongs to no tenant and enters what it needs by itself.
    """

    abstract = True
    public = False

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Check the schema before the first line of the task runs. Raises `NoTenant`."""
        if self.public:
            db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC))
            return
        wanted = get_schema_name_from_task(self, kwargs)
        if not wanted or wanted == db.PUBLIC:
            raise db.NoTenant(f"{self.name} was sent without a tenant")
        if db.current_schema() != wanted or db.current_tenant_or_none() is None:
            raise db.NoTenant(f"{self.name} is meant for {wanted}, which is not in force")

    def after_return(self, *args: Any, **kwargs: Any) -> None:
        """Leave no tenant behind in the process."""
        db.set_scope(None)
        db.released()


app = CeleryApp("kimono", task_cls=StrictTask)
app.config_from_object("django.conf:settings", namespace="CELERY")


def send(name: str, *args: Any, queue: str) -> None:
    """Send the task called `name` now, without waiting for a broker that is down."""
    try:
        app.send_task(name, args=args, queue=queue, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("the queue could not be rung: %s", type(error).__name__)
