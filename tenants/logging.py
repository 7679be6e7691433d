"""Log lines: one JSON object each, with the tenant and the request they belong to, and no contact in them."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

from kimono.lib.db import scope_or_none
from kimono.lib.masking import mask

request_id: ContextVar[str] = ContextVar("kimono_request_id", default="")


class Formatter(logging.Formatter):
    """Write a record as one masked JSON line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        scope = scope_or_none()
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(record.getMessage()),
            "tenant": scope.schema if scope is not None else None,
            "request_id": request_id.get() or None,
        }
        if record.exc_info:
            line["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
