"""The database backend: django-tenants' own, with the tenant in a `ContextVar` instead of on the connection.

The stock backend keeps the tenant on the connection object; in asynchronous code several tenants share one.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django_tenants.postgresql_backend import base as stock
from django_tenants.utils import quote_schema_name

from kimono.lib import db
from kimono.lib.db.cursors import TenantCursor, settings_of


class DatabaseWrapper(stock.DatabaseWrapper):
    """Read and write the tenant of the running task."""

    _booting = True
    _setting_search_path: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._booting = False

    @property
    def tenant(self) -> Any:
        """Return the tenant in force; a stand-in for `public` where there is none."""
        scope = db.scope_or_none()
        if scope is None or scope.tenant is None:
            return stock.FakeTenant(schema_name=scope.schema if scope else db.PUBLIC)
        return scope.tenant

    @tenant.setter
    def tenant(self, value: Any) -> None:
        if not self._booting and value is not None:
            self.set_tenant(value)

    @property
    def schema_name(self) -> str:
        """Return the schema in force."""
        scope = db.scope_or_none()
        return scope.schema if scope is not None else db.PUBLIC

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """Ignore: upstream's constructor assigns it; a new thread's connection must not change the task's tenant."""

    @property
    def include_public_schema(self) -> bool:
        """Tell whether `public` follows the schema in the search path."""
        scope = db.scope_or_none()
        return scope.include_public if scope is not None else True

    @include_public_schema.setter
    def include_public_schema(self, value: bool) -> None:
        """Ignore: see `schema_name`."""

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Speak for `tenant` from here on; what django-tenants' own tools call."""
        if self._booting:
            return
        before = db.scope_or_none()
        db.set_scope(
            db.Scope(
                tenant=tenant,
                schema=tenant.schema_name,
                include_public=include_public,
                platform=before.platform if before is not None else False,
            )
        )
        self.search_path_set_schemas = None
        stock.ContentType.objects.clear_cache()

    def set_settings_schema(self, schema_name: str) -> None:
        """Ignore: the settings are shared by all tasks of the process, so no tenant may be written there."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return how to connect, with cursors that send the tenant along."""
        return {**super().get_connection_params(), "cursor_factory": TenantCursor}

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        scope = db.scope_or_none()
        if scope is None:
            if not db.public_by_default():
                raise db.NoTenant("a query ran where no tenant was set")
            scope = db.Scope(tenant=None, schema=db.PUBLIC)
        settings = self._settings_of(scope)
        if cursor is not None:
            cursor.cursor.speak_for(settings)
            return
        # A named cursor takes one statement only, so the settings go ahead of it.
        self._setting_search_path = True
        try:
            with self.connection.cursor() as own:
                own.execute(settings)
        finally:
            self._setting_search_path = False

    def _settings_of(self, scope: db.Scope) -> str:
        paths = ", ".join(quote_schema_name(name) for name in self._get_cursor_search_paths())
        if not paths:
            raise ImproperlyConfigured("empty search path")
        return settings_of(paths, scope.tenant_uuid, "platform" if scope.platform else "")
