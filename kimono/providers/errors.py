"""What can go wrong with a provider, in words a caller can act on; no vendor's exception leaves this package."""

from typing import ClassVar


class ProviderError(Exception):
    """A call that gave no usable result.

    `code` is the short word stored in usage records and traces. `partial` is the text received before the
    failure, empty when there was none. `retryable` says that the same request may be sent again, `outage` that
    the failure speaks against the provider and counts for its breaker, not only against this one request.
    """

    code: ClassVar[str] = "provider_error"
    retryable: ClassVar[bool] = False
    outage: bool = True

    def __init__(self, detail: str, *, partial: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.partial = partial


class Unavailable(ProviderError):
    """The provider cannot be reached, dropped the connection, or answered that it is broken."""

    code = "unavailable"
    retryable = True


class NotConfigured(Unavailable):
    """No provider of this kind is configured."""

    code = "not_configured"
    retryable = False
    outage = False


class Misconfigured(Unavailable):
    """The provider refuses our key, does not know the model, or its model is not the one that was described."""

    code = "misconfigured"
    retryable = False


class Rejected(Unavailable):
    """The provider refuses this one request (too long, not allowed); the next one may pass."""

    code = "rejected"
    retryable = False
    outage = False


class TimedOut(ProviderError):
    """The provider said nothing for too long, or the time for the whole call is over."""

    code = "timed_out"
    retryable = True


class RateLimited(ProviderError):
    """The provider asks to slow down; `retry_after` is in seconds, None when it did not say."""

    code = "rate_limited"
    retryable = True

    def __init__(self, detail: str, *, retry_after: float | None = None, partial: str = "") -> None:
        super().__init__(detail, partial=partial)
        self.retry_after = retry_after


class Truncated(ProviderError):
    """The answer has no proper end; `partial` is what came.

    `reason` is "cut" (the stream ended without a finish reason), "length" (the token limit), "overlong" (more
    text than was allowed, reading stopped) or "content_filter".
    """

    code = "truncated"

    def __init__(self, detail: str, *, reason: str = "cut", partial: str = "") -> None:
        super().__init__(detail, partial=partial)
        self.reason = reason
        self.outage = reason == "cut"


class Malformed(ProviderError):
    """The answer is not what the protocol, or the JSON schema that was asked for, allows."""

    code = "malformed"

    def __init__(self, detail: str, *, outage: bool = True, partial: str = "") -> None:
        super().__init__(detail, partial=partial)
        self.outage = outage


class EmptyAnswer(ProviderError):
    """The provider answered properly, with nothing in it."""

    code = "empty_answer"


class CallRefused(ProviderError):
    """The meter did not admit the call; no request was made. `reason` is the meter's word, such as "budget"."""

    code = "refused"
    outage = False

    def __init__(self, reason: str) -> None:
        super().__init__(f"call not admitted: {reason}")
        self.reason = reason


class BreakerOpen(ProviderError):
    """Too many calls failed of late; no request was made. `retry_after` is in seconds."""

    code = "breaker_open"
    outage = False

    def __init__(self, name: str, *, retry_after: float) -> None:
        super().__init__(f"the breaker of {name} is open")
        self.name = name
        self.retry_after = retry_after
