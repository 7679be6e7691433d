"""The one family of refusals. A service raises one; each kind of door translates the family once."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

Detail: TypeAlias = str | list[dict[str, Any]]


class Refusal(Exception):
    """Say no to a caller, in the words of the wire contract.

    `status` is the HTTP status, `code` the machine-readable reason, `detail` the text (for 422 a list of
    `{"loc", "msg", "type"}`), `extra` further top-level keys of the JSON body, `headers` response headers.
    """

    status: ClassVar[int] = 500
    code: str = "internal"
    detail: Detail = "Internal error"

    def __init__(
        self,
        detail: Detail | None = None,
        *,
        code: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail if detail is not None else type(self).detail
        self.code = code if code is not None else type(self).code
        self.extra: dict[str, Any] = dict(extra or {})
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(f"{self.code}: {self.detail}")


class Unauthenticated(Refusal):
    """Every 401 but a failed login has one body, so that nobody learns why a credential failed."""

    status = 401
    code = "unauthenticated"
    detail = "Invalid or missing API key"

    def __init__(self, *, code: str | None = None, detail: str | None = None) -> None:
        super().__init__(detail, code=code, headers={"WWW-Authenticate": "ApiKey"})


class Denied(Refusal):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    detail = "Forbidden."


class Missing(Refusal):
    """The thing does not exist for this caller; one fixed text, whatever the kind."""

    status = 404
    code = "not_found"
    detail = "Not found."

    def __init__(self) -> None:
        super().__init__()


class NotAllowed(Refusal):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"
    detail = "Method not allowed."


class Conflict(Refusal):
    """The request is right, the state of things is against it."""

    status = 409
    code = "invalid_state"
    detail = "Not possible in the present state."


class TooLarge(Refusal):
    """The body is larger than this door takes."""

    status = 413
    code = "payload_too_large"
    detail = "Payload too large."

    def __init__(self, *, max_bytes: int, detail: str | None = None) -> None:
        super().__init__(detail, extra={"max_bytes": max_bytes})


class Unsupported(Refusal):
    """The content is of a type that cannot be taken; the text names those in `supported` that can."""

    status = 415
    code = "unsupported_media_type"
    detail = "Unsupported media type."

    def __init__(self, detail: str | None = None, *, supported: Sequence[str] = ()) -> None:
        if detail is None and supported:
            detail = f"{type(self).detail} Supported types: {', '.join(supported)}."
        super().__init__(detail, extra={"supported": list(supported)})


class Invalid(Refusal):
    """The input breaks a rule; `detail` always names the field.

    `words` say the same as `detail` where that has numbers and names in it: sentences with what stands in them, for pages
    in another language.
    """

    status = 422
    code = "validation_error"
    words: Sequence[tuple[str, Mapping[str, object]]] = ()

    def __init__(
        self,
        message: str,
        *,
        loc: Sequence[str | int] = ("body",),
        type: str = "value_error",
        code: str | None = None,
    ) -> None:
        super().__init__([{"loc": list(loc), "msg": message, "type": type}], code=code)


class TooMany(Refusal):
    """A limit or quota is used up; `retry_after` is in whole seconds."""

    status = 429
    code = "rate_limited"
    detail = "Too many requests."

    def __init__(self, *, retry_after: int, code: str | None = None, detail: str | None = None) -> None:
        seconds = max(1, int(retry_after))
        super().__init__(
            detail, code=code, extra={"retry_after": seconds}, headers={"Retry-After": str(seconds)}
        )


class Unavailable(Refusal):
    """Something that this request cannot do without is down; trying again later helps."""

    status = 503
    code = "unavailable"
    detail = "Temporarily unavailable."

    def __init__(self, detail: str | None = None, *, code: str | None = None, retry_after: int = 5) -> None:
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})
