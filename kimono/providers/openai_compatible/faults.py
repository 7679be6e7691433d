"""The one place where the vendor's exceptions become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from kimono.providers.calls import Tally
from kimono.providers.errors import (
    Malformed,
    Misconfigured,
    ProviderError,
    RateLimited,
    Rejected,
    TimedOut,
    Unavailable,
)

# Statuses by which a provider says that our key, address or model name is wrong.
MISCONFIGURED_STATUSES = frozenset({401, 403, 404})
LONGEST_DETAIL = 300


@contextmanager
def translated(tally: Tally) -> Iterator[None]:
    """Raise ProviderError for whatever the SDK, its HTTP client or a JSON parser raises inside.

    The error carries the text received so far. A request that was refused outright is tallied as free.
    """
    try:
        yield
    except (APITimeoutError, httpx2.TimeoutException) as error:
        raise TimedOut(_detail(error), partial=_partial(tally)) from error
    except APIStatusError as error:
        tally.usage = tally.usage or (0, 0)
        raise _of_status(error) from error
    except APIConnectionError as error:
        tally.usage = tally.usage or (0, 0)
        raise Unavailable(_detail(error.__cause__ or error), partial=_partial(tally)) from error
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise Unavailable(_detail(error), partial=_partial(tally)) from error
    except (OpenAIError, ValueError) as error:
        raise Malformed(_detail(error), partial=_partial(tally)) from error


def error_in_body(error: object, *, partial: str) -> ProviderError:
    """Return the failure that an `error` member, sent in place of an answer, stands for."""
    detail = f"the provider sent an error: {error}"[:LONGEST_DETAIL]
    code = error.get("code") if isinstance(error, dict) else None
    if code in {429, "429", "rate_limit_exceeded"}:
        return RateLimited(detail, partial=partial)
    return Unavailable(detail, partial=partial)


def _of_status(error: APIStatusError) -> ProviderError:
    status = error.status_code
    detail = f"HTTP {status}: {_detail(error)}"[:LONGEST_DETAIL]
    if status == 429:
        return RateLimited(detail, retry_after=_retry_after(error.response.headers.get("retry-after")))
    if status in MISCONFIGURED_STATUSES:
        return Misconfigured(detail)
    if status in {408, 409} or status >= 500 or status < 400:
        return Unavailable(detail)
    return Rejected(detail)


def _retry_after(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time()
        except ValueError:
            return None
    return max(0.0, seconds) if isfinite(seconds) else None


def _detail(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_DETAIL]


def _partial(tally: Tally) -> str:
    return "".join(tally.output)
