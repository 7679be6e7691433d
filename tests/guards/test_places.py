"""An app's tables lie in one place, and no foreign key leaves its schema."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from kimono.lib import db
from tenants.models import Tenant

PUBLIC_ONLY, TENANT_ONLY = ("tenants", "opsconsole"), ("knowledge", "conversations", "agents")
BOTH = ("tenants.people", "django.contrib.auth", "django.contrib.sessions", "django.contrib.contenttypes")


def tables_of(schema: str) -> set[str]:
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {row[0] for row in cursor.fetchall()}


def models_of(*names: str) -> list[Any]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_config.name in names and model._meta.managed and not model._meta.proxy
    ]


@pytest.mark.django_db
def test_each_table_is_where_its_app_lives(alpha: Tenant) -> None:
    public, own, template = tables_of("public"), tables_of(alpha.schema_name), tables_of("t_template")
    assert {model._meta.db_table for model in models_of(*PUBLIC_ONLY, *BOTH)} <= public
    assert {model._meta.db_table for model in models_of(*TENANT_ONLY, *BOTH)} <= own
    assert not {model._meta.db_table for model in models_of(*PUBLIC_ONLY)} & own
    assert not {model._meta.db_table for model in models_of(*TENANT_ONLY)} & public
    assert own == template
    assert len(own) <= 60, "a thousand merchants times sixty tables is what PostgreSQL was tried with"


def test_the_settings_say_the_same() -> None:
    assert set(PUBLIC_ONLY) <= set(settings.SHARED_APPS)
    assert not set(PUBLIC_ONLY) & set(settings.TENANT_APPS)
    assert set(TENANT_ONLY) <= set(settings.TENANT_APPS)
    assert not set(TENANT_ONLY) & set(settings.SHARED_APPS)
    assert set(BOTH) <= set(settings.SHARED_APPS) & set(settings.TENANT_APPS)


def test_no_foreign_key_crosses_schemas() -> None:
    for model in models_of(*TENANT_ONLY, *BOTH):
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and field.db_constraint:
                target = field.related_model._meta.app_config.name
                assert target not in PUBLIC_ONLY, f"{model.__name__}.{field.name}"
    for model in models_of(*PUBLIC_ONLY):
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                assert field.related_model._meta.app_config.name in PUBLIC_ONLY, (
                    f"{model.__name__}.{field.name}"
                )


def test_no_generic_foreign_keys() -> None:
    """Their content types are cached once for all tenants."""
    for model in apps.get_models():
        assert not model._meta.private_fields, model
