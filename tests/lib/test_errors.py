"""The family of refusals says what the contract says."""

import pytest

from kimono.lib import errors


@pytest.mark.parametrize(
    ("refusal", "status", "code", "detail"),
    [
        (errors.Unauthenticated(), 401, "unauthenticated", "Invalid or missing API key"),
        (errors.Denied(), 403, "forbidden", "Forbidden."),
        (errors.Missing(), 404, "not_found", "Not found."),
        (errors.NotAllowed(), 405, "method_not_allowed", "Method not allowed."),
        (errors.Conflict(), 409, "invalid_state", "Not possible in the present state."),
        (errors.TooLarge(max_bytes=5), 413, "payload_too_large", "Payload too large."),
        (errors.Unsupported(), 415, "unsupported_media_type", "Unsupported media type."),
        (errors.TooMany(retry_after=3), 429, "rate_limited", "Too many requests."),
        (errors.Unavailable(), 503, "unavailable", "Temporarily unavailable."),
    ],
)
def test_each_refusal_has_its_status_code_and_words(
    refusal: errors.Refusal, status: int, code: str, detail: str
) -> None:
    assert (refusal.status, refusal.code, refusal.detail) == (status, code, detail)


def test_what_a_client_needs_besides() -> None:
    assert errors.Unauthenticated().headers == {"WWW-Authenticate": "ApiKey"}
    assert errors.TooLarge(max_bytes=5).extra == {"max_bytes": 5}
    assert errors.Unsupported(supported=["a"]).extra == {"supported": ["a"]}
    late = errors.TooMany(retry_after=0)
    assert late.extra == {"retry_after": 1}
    assert late.headers == {"Retry-After": "1"}
    assert errors.Unavailable(retry_after=9).headers == {"Retry-After": "9"}


def test_invalid_input_always_names_the_field() -> None:
    refusal = errors.Invalid("too long", loc=["body", "name"], type="string_too_long")
    assert refusal.detail == [{"loc": ["body", "name"], "msg": "too long", "type": "string_too_long"}]
    assert (refusal.status, refusal.code) == (422, "validation_error")


def test_two_refusals_share_nothing() -> None:
    first = errors.Conflict(extra={"a": 1})
    first.extra["b"] = 2
    first.headers["X"] = "y"
    second = errors.Conflict(code="in_use")
    assert (second.extra, second.headers, errors.Conflict.code) == ({}, {}, "invalid_state")
