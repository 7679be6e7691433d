"""Making tenants, shutting them, and bringing their schemas up to date."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Conflict, Invalid, Missing
from tenants.models import AuditRow, Job, Tenant
from tenants.people.models import User
from tenants.services import hosts, jobs, lifecycle, migrating, provisioning
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import PASSWORD, at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seed() -> dict[str, Any]:
    return {"admin": {"username": "boss", "password_hash": make_password(PASSWORD)}}


def create(**options: Any) -> Tenant:
    return provisioning.create(**{"name": "Delta", "slug": "delta", "by": SYSTEM, **options})


def fresh(tenant: Tenant) -> Tenant:
    with db.public_scope():
        return Tenant.objects.get(pk=tenant.pk)


def test_a_tenant_is_made_by_a_job(seed: dict[str, Any]) -> None:
    tenant = create(seed=seed)
    assert fresh(tenant).status == "creating"
    answer = at(None, host="delta.localhost").get("auth/csrf")
    assert (answer.status_code, answer.json()["code"]) == (503, "maintenance")
    assert (
        at(None)
        .post("auth/login", {"username": "boss", "password": PASSWORD, "tenant_id": "delta"})
        .status_code
        == 401
    )
    assert jobs.run_next("bulk")
    made = fresh(tenant)
    assert made.status == "active"
    assert made.schema_name.startswith("t_")
    assert len(made.tag) == 8
    assert at(made).signed_in("boss").get("auth/me").json()["role"] == "merchant_admin"
    with db.tenant_scope(made):
        assert AuditRow.objects.filter(action="create_tenant").count() == 1
        assert User.objects.count() == 1


@pytest.mark.parametrize(
    "killed_at", ["before the schema", "after the schema", "in a step", "after the steps"]
)
def test_a_job_that_was_killed_anywhere_is_taken_up_again(
    killed_at: str, seed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As SIGKILL: nothing behind it runs that catches exceptions."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    tenant = create(seed=seed)
    original = provisioning.create_schema
    with monkeypatch.context() as patch:
        if killed_at == "before the schema":
            patch.setattr(provisioning, "create_schema", kill)
        elif killed_at == "after the schema":
            patch.setattr(provisioning, "create_schema", lambda **given: (original(**given), kill()))
        elif killed_at == "in a step":
            patch.setitem(provisioning._steps, "zz", kill)
        else:
            patch.setattr(hosts, "clear", kill)
        with pytest.raises(Killed):
            jobs.run_next("bulk")
    with db.public_scope(), db.platform_scope():
        Job.objects.filter(name="tenants.provision").update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.sweep()
    assert jobs.run_next("bulk")
    assert fresh(tenant).status == "active"
    with db.tenant_scope(tenant):
        assert User.objects.count() == 1
    provisioning.finish(tenant=tenant, seed=seed)
    with db.tenant_scope(tenant):
        assert User.objects.count() == 1


def test_one_that_cannot_be_made_says_so_and_can_be_tried_again(
    seed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = create(seed=seed)
    with monkeypatch.context() as patch:
        patch.setattr(provisioning, "create_schema", lambda **_: 1 / 0)
        for _ in range(jobs.MOST_ATTEMPTS):
            with db.public_scope(), db.platform_scope():
                Job.objects.update(run_after=None)
            assert jobs.run_next("bulk")
    failed = fresh(tenant)
    assert (failed.status, failed.failure) == ("failed", "internal: The job failed and was given up.")
    assert at(None, host="delta.localhost").get("auth/csrf").status_code == 404
    with db.tenant_scope(failed):
        jobs.retry(job_id=Job.objects.get().job_id)
    assert jobs.run_next("bulk")
    assert (fresh(tenant).status, fresh(tenant).failure) == ("active", "")


def test_of_two_equal_requests_one_is_refused(alpha: Tenant) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(4)

    def make() -> None:
        barrier.wait()
        try:
            create()
            outcomes.append("made")
        except Conflict as refused:
            outcomes.append(refused.code)
        db.released()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate_name"] * 3 + ["made"]
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.filter(slug="delta").count() == Job.objects.count() == 1


@pytest.mark.parametrize(
    "taken",
    [{"name": "Alpha"}, {"slug": "alpha"}, {"domain": "alpha.localhost"}, {"domain": "beta.localhost"}],
)
def test_what_is_taken_is_refused(taken: dict[str, str], alpha: Tenant) -> None:
    with pytest.raises(Conflict) as refused:
        create(**taken)
    assert refused.value.code == "duplicate_name"
    for slug in ("www", "admin", "api"):
        with pytest.raises(Invalid):
            create(slug=slug)


STRUCTURE = """
    SELECT 'column', table_name || '.' || column_name, data_type || coalesce(character_maximum_length::text, '')
           || is_nullable || coalesce(replace(column_default, table_schema, 'S'), '') || is_identity
      FROM information_schema.columns WHERE table_schema = %(schema)s
    UNION ALL SELECT 'index', indexname, replace(indexdef, schemaname, 'S') FROM pg_indexes WHERE schemaname = %(schema)s
    UNION ALL SELECT 'constraint', conrelid::regclass::text || conname, replace(pg_get_constraintdef(oid), %(schema)s, 'S')
      FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
    UNION ALL SELECT 'right', table_name || privilege_type, grantee FROM information_schema.table_privileges
     WHERE table_schema = %(schema)s AND grantee = 'kimono_app'
"""


def structure(superuser: Any, schema: str) -> set[tuple[str, ...]]:
    superuser.execute(f'SET search_path = "{schema}", public')
    rows = superuser.execute(STRUCTURE, {"schema": schema}).fetchall()
    # PostgreSQL writes the casts of `IN (…)` otherwise once it has read what it wrote; they mean the same.
    return {
        (kind, name, re.sub(r"::(character varying|text)(\[\])?|[() ]", "", text))
        for kind, name, text in rows
    }


def test_a_tenant_made_from_the_template_is_one_that_was_migrated(superuser: Any) -> None:
    tenant = create(now_in_process=True)
    mine, migrated = (
        structure(superuser, tenant.schema_name),
        structure(superuser, provisioning.TEMPLATE_SCHEMA),
    )
    assert len(mine) > 300
    assert mine - migrated == set()
    assert migrated - mine == set()
    rows = "SELECT app, name FROM {}.django_migrations ORDER BY 1, 2"
    assert (
        superuser.execute(rows.format(tenant.schema_name)).fetchall()
        == superuser.execute(rows.format("t_template")).fetchall()
    )
    with db.tenant_scope(tenant):
        assert not User.objects.exists()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The schemas that a migration really ran in."""
    schemas: list[str] = []
    original = migrating.run_migrations

    def run(args: Any, options: Any, codename: Any, schema: str, **more: Any) -> Any:
        schemas.append(schema)
        return original(args, options, codename, schema, **more)

    monkeypatch.setattr(migrating, "run_migrations", run)
    yield schemas


@pytest.fixture
def as_owner(run: Any, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the default connection be the owner's, as for the command `migrate_all`."""
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    before = connection.settings_dict["USER"]
    connection.settings_dict["USER"] = "kimono_owner"
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["USER"] = before


def test_with_nothing_to_do_nothing_is_touched(alpha: Tenant, asked: list[str], as_owner: None) -> None:
    assert migrating.behind() == {}
    done = migrating.migrate_all()
    assert (done.public, done.tenants, asked) == (False, [], [])
    assert fresh(alpha).updated_at == alpha.updated_at


def test_only_who_is_behind_is_migrated(
    alpha: Tenant, beta: Tenant, asked: list[str], as_owner: None, superuser: Any
) -> None:
    forget(superuser, beta)
    assert migrating.behind() == {beta.schema_name: ["agents.0002_test"]} or list(migrating.behind()) == [
        beta.schema_name
    ]
    done = migrating.migrate_all()
    assert (done.tenants, asked) == ([beta.schema_name], [beta.schema_name])
    assert (fresh(beta).status, fresh(beta).status_before, migrating.behind()) == ("active", "", {})


def forget(superuser: Any, tenant: Tenant) -> None:
    """Take a migration back, with the one table that it made."""
    superuser.execute(f'DELETE FROM "{tenant.schema_name}".django_migrations WHERE app = %s', ["sessions"])
    superuser.execute(f'DROP TABLE "{tenant.schema_name}".django_session')


def test_a_migration_that_was_killed_shuts_the_tenant_until_the_next(
    beta: Tenant, as_owner: None, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.suspend(tenant_id=beta.public_id, reason="", by=SYSTEM, now=timezone.now())
    forget(superuser, beta)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "run_migrations", fail)
        with pytest.raises(RuntimeError):
            migrating.migrate_all()
    hosts.clear()
    assert (fresh(beta).status, fresh(beta).status_before) == ("migrating", "suspended")
    assert at(beta).get("auth/csrf").status_code == 503
    assert migrating.migrate_all().tenants == [beta.schema_name]
    assert (fresh(beta).status, fresh(beta).status_before) == ("suspended", "")
    # Killed after the last migration but before the door was opened: nothing is missing, and still it is opened.
    with db.public_scope():
        Tenant.objects.filter(pk=beta.pk).update(status="migrating", status_before="active")
    assert migrating.migrate_all().tenants == [beta.schema_name]
    assert fresh(beta).status == "active"


def test_suspending_and_activating(alpha: Tenant) -> None:
    now = timezone.now()
    for _ in range(2):
        tenant = lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=now)
    assert (tenant.status, tenant.suspended_at, tenant.suspended_reason) == ("suspended", now, "unpaid")
    for _ in range(2):
        tenant = lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)
    assert (tenant.status, tenant.suspended_at, tenant.suspended_reason) == ("active", None, "")
    with db.public_scope(), db.platform_scope():
        rows = AuditRow.objects.filter(target_id=alpha.public_id, action="activate_tenant")
        assert rows.count() == 1
        assert AuditRow.objects.filter(action="suspend_tenant").count() == 1
        Tenant.objects.filter(pk=alpha.pk).update(status="deleted")
    for act in (
        lambda: lifecycle.suspend(tenant_id=alpha.public_id, reason="", by=SYSTEM, now=now),
        lambda: lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM),
    ):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(Missing):
        lifecycle.activate(tenant_id="tenant_none", by=SYSTEM)
