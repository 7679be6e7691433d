"""A refusal as an HTTP response: the one translation for REST and for pages."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kimono.lib.errors import Refusal


def error_body(refusal: Refusal, *, request_id: str) -> dict[str, Any]:
    """Return the JSON body of a refusal (api.md 3.1)."""
    return {"detail": refusal.detail, "code": refusal.code, "request_id": request_id, **refusal.extra}


def error_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return a refusal as JSON for the API, as a page for people."""
    request_id = getattr(request, "request_id", "")
    if request.path_info.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        content = json.dumps(error_body(refusal, request_id=request_id), ensure_ascii=False)
        response = HttpResponse(
            content, status=refusal.status, content_type="application/json; charset=utf-8"
        )
    else:
        name = refusal.status if refusal.status in (403, 404, 500, 503) else 500
        response = render(request, f"kimono/{name}.html", {"request_id": request_id}, status=refusal.status)
    for header, value in refusal.headers.items():
        response[header] = value
    return response
