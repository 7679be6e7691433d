"""The API as the wire contract wants it described: errors, credentials, and readable JSON."""

import json
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder

_ERROR = {
    "title": "Error",
    "type": "object",
    "required": ["detail", "code", "request_id"],
    "properties": {
        "detail": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["loc", "msg", "type"],
                        "properties": {
                            "loc": {
                                "type": "array",
                                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                            },
                            "msg": {"type": "string"},
                            "type": {"type": "string"},
                        },
                    },
                },
            ]
        },
        "code": {"type": "string"},
        "request_id": {"type": "string"},
    },
    "example": {"detail": "Not found.", "code": "not_found", "request_id": "req-7f3a"},
}
_CREDENTIALS: dict[str, Any] = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token, or a visitor token (vt_…).",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "kimono_session"},
}
_TENANT_ID = {
    "in": "query",
    "name": "tenant_id",
    "required": False,
    "description": "For operators of the platform: one merchant, by id or short name; without it all together.",
    "schema": {"type": "string"},
}


class ReadableJSON(BaseRenderer):
    """Writes JSON in UTF-8 without escaping what can be read."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        """Return the body."""
        return json.dumps(data, cls=NinjaJSONEncoder, ensure_ascii=False)


class ContractAPI(NinjaAPI):
    """A ninja API whose OpenAPI document also says what an error looks like and which credentials there are.

    `for_one_tenant`: ids of the operations of which an operator of the platform may ask for one merchant.
    """

    for_one_tenant: frozenset[str] = frozenset()

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(*args, **kwargs)
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Error"] = _ERROR
        components["securitySchemes"] = _CREDENTIALS
        document["security"] = [{name: []} for name in _CREDENTIALS]
        refusal = {
            "description": "Refused; `code` says why.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for methods in document["paths"].values():
            for operation in methods.values():
                operation.setdefault("responses", {})["default"] = refusal
                if operation["operationId"] in self.for_one_tenant:
                    operation.setdefault("parameters", []).append(_TENANT_ID)
        return document
