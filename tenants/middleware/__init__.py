"""The doorkeepers: a request gets its id, its tenant and its caller before any view sees it."""

from tenants.middleware.callers import PrincipalMiddleware, TenantMiddleware
from tenants.middleware.pages import PageMiddleware
from tenants.middleware.repeats import IdempotencyMiddleware
from tenants.middleware.requests import RequestMiddleware

__all__ = [
    "IdempotencyMiddleware",
    "PageMiddleware",
    "PrincipalMiddleware",
    "RequestMiddleware",
    "TenantMiddleware",
]
