"""Limits: exact moving windows in Redis, one bucket per process while Redis is down.

Every limit is a setting (`KIMONO_LIMIT_<NAME>`; 0 turns it off). The demo multiplies them for loopback peers.
"""

import logging
import os
import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from kimono.lib import db
from kimono.lib.addresses import is_loopback
from kimono.lib.errors import TooMany

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """`amount` in any `seconds`, counted per `per`: the caller, its address, or one socket (which counts by itself)."""

    amount: int
    seconds: int
    per: str = "principal"


# Defaults of api.md 17.
DEFAULTS: dict[str, Limit] = {
    "request": Limit(600, 60),
    "request_burst": Limit(200, 1),
    "request_ip": Limit(300, 60, "ip"),
    "chat": Limit(300, 60),
    "chat_visitor": Limit(20, 60),
    "session": Limit(30, 60, "ip"),
    "ingest": Limit(120, 60),
    "evaluation": Limit(10, 60),
    "rerun": Limit(30, 60),
    "export": Limit(30, 60),
    "login": Limit(60, 60, "ip"),
    "login_failure": Limit(5, 900, "ip"),
    "login_lock": Limit(1, 900, "ip"),
    "ops": Limit(300, 60),
    "ws_chat": Limit(20, 10, "socket"),
    "ws_agent": Limit(100, 10, "socket"),
    "ws_ops": Limit(20, 10, "socket"),
}


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in a window: what `X-RateLimit-*` says."""

    limit: int
    remaining: int
    reset: int


@cache
def limit_of(name: str) -> Limit:
    """Return a limit with the environment's value over its default."""
    default = DEFAULTS[name]
    given = os.environ.get(f"KIMONO_LIMIT_{name.upper()}")
    return Limit(int(given), default.seconds, default.per) if given else default


@cache
def _redis() -> MovingWindowRateLimiter:
    url = settings.REDIS_LIMITS_URL.replace("unix://", "redis+unix://")
    return MovingWindowRateLimiter(RedisStorage(url, socket_connect_timeout=0.5, socket_timeout=0.5))


@cache
def _memory() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


_down_until = 0.0
_PAUSE = 2.0


def _hit(item: RateLimitItemPerSecond, *keys: str) -> tuple[bool, int, float]:
    global _down_until
    if time.monotonic() >= _down_until:
        try:
            passed = _redis().hit(item, *keys)
            window = _redis().get_window_stats(item, *keys)
        except (RedisError, StorageError, OSError):
            # Asked again after a pause: a dead Redis must not cost every request its time-out.
            _down_until = time.monotonic() + _PAUSE
            log.warning("limits fall back to this process: Redis does not answer")
        else:
            return passed, window.remaining, window.reset_time
    passed = _memory().hit(item, *keys)
    window = _memory().get_window_stats(item, *keys)
    return passed, window.remaining, window.reset_time


def take(name: str, identity: str, *, amount: int | None = None, factor: int = 1) -> Standing | None:
    """Count one use of `identity` in the window of `name`; None when the limit is off. Raises `TooMany`.

    `amount` replaces the limit's own (a key's `rate_limit_per_minute`); `factor` multiplies it.
    """
    limit = limit_of(name)
    most = (amount if amount is not None else limit.amount) * factor
    if most <= 0:
        return None
    item = RateLimitItemPerSecond(most, limit.seconds)
    passed, remaining, reset = _hit(item, _owner(), name, identity)
    if not passed:
        raise TooMany(retry_after=max(1, int(reset - time.time()) + 1))
    return Standing(limit=most, remaining=max(0, remaining), reset=int(reset))


def is_used_up(name: str, identity: str) -> bool:
    """Tell whether a window is full, without counting; while Redis is down, by this process's own bucket."""
    limit = limit_of(name)
    if limit.amount <= 0:
        return False
    return _window(limit, name, identity)[0] < 1


def seconds_left(name: str, identity: str) -> int:
    """Return how long a window that is full stays so, in whole seconds, at least 1."""
    return max(1, int(_window(limit_of(name), name, identity)[1] - time.time()) + 1)


def _window(limit: Limit, name: str, identity: str) -> tuple[int, float]:
    global _down_until
    item = RateLimitItemPerSecond(limit.amount, limit.seconds)
    if time.monotonic() >= _down_until:
        try:
            window = _redis().get_window_stats(item, _owner(), name, identity)
        except (RedisError, StorageError, OSError):
            _down_until = time.monotonic() + _PAUSE
        else:
            return window.remaining, window.reset_time
    window = _memory().get_window_stats(item, _owner(), name, identity)
    return window.remaining, window.reset_time


def note(name: str, identity: str) -> None:
    """Count one use without refusing."""
    limit = limit_of(name)
    if limit.amount > 0:
        _hit(RateLimitItemPerSecond(limit.amount, limit.seconds), _owner(), name, identity)


def _owner() -> str:
    tenant = db.current_tenant_or_none()
    return f"rl:{tenant.pk.hex if tenant is not None else 'platform'}"


def factor_for(ip: str | None) -> int:
    """Return by how much the limits of a peer are multiplied: the demo's factor for this machine's own address."""
    return settings.LIMIT_FACTOR_LOOPBACK if is_loopback(ip) else 1


def count(names: tuple[str, ...], *, principal_id: str, kind: str, ip: str | None) -> None:
    """Count one use in each named limit for this caller. Raises `TooMany`."""
    for name in names:
        effective = "chat_visitor" if name == "chat" and kind == "visitor" else name
        identity = (ip or "") if limit_of(effective).per == "ip" else f"{kind}:{principal_id}"
        take(effective, identity, factor=factor_for(ip))


def count_request(*, principal_id: str, kind: str, ip: str | None, per_minute: int | None) -> Standing | None:
    """Count one request of a caller in the general windows. Raises `TooMany`."""
    factor = factor_for(ip)
    if kind == "anonymous":
        return take("request_ip", ip or "", factor=factor)
    take("request_burst", f"{kind}:{principal_id}", factor=factor)
    return take("request", f"{kind}:{principal_id}", amount=per_minute, factor=factor)
