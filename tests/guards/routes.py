"""Every route of both APIs with what guards it, read from the routers themselves."""

import functools
from dataclasses import dataclass
from typing import Any

HOSTS = {"tenant": "kimono.urls", "platform": "kimono.urls_platform"}


@dataclass(frozen=True)
class Served:
    """One operation of one host's API."""

    host: str
    id: str
    method: str
    path: str
    guard: Any

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of the parameters in the path."""
        return tuple(part[1:-1].split(":")[-1] for part in self.path.split("/") if part.startswith("{"))


@functools.cache
def served() -> tuple[Served, ...]:
    """Return the operations of both hosts."""
    return tuple(route for host, urlconf in HOSTS.items() for route in _of(host, urlconf))


def _of(host: str, urlconf: str) -> list[Served]:
    from django.urls import resolve

    view: Any = resolve("/api/v1/openapi.json", urlconf=urlconf).func
    return [
        Served(host, str(operation.operation_id), method, _joined(bound.prefix, path), guard_of(operation))
        for bound in view.keywords["api"]._get_bound_routers()
        for path, path_view in bound.path_operations.items()
        for operation in path_view.operations
        for method in operation.methods
    ]


def guard_of(operation: Any) -> Any:
    """Return the one guard of an operation, None where there is none."""
    guards = operation.auth_callbacks
    assert len(guards) <= 1, operation.operation_id
    return guards[0] if guards else None


def _joined(*parts: str) -> str:
    return "/" + "/".join(piece for part in ("api", *parts) for piece in part.split("/") if piece)
