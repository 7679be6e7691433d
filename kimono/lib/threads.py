"""Where synchronous work runs when asynchronous code needs it: one pool, the caller's context, connections given back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings

P = ParamSpec("P")
T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(
            max_workers=getattr(settings, "KIMONO_THREADS", 8), thread_name_prefix="kimono"
        )
    return _pool


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in the pool with the caller's context, so that the tenant goes with it.

    The thread's database connections go back to their pool before the result is handed over: a thread that
    kept one would hold it for as long as the process lives. Raises what `function` raises.
    """
    context = copy_context()
    call = partial(_run_and_release, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_executor(), context.run, call)


def _run_and_release(call: Callable[[], T]) -> T:
    from kimono.lib.db import released

    try:
        return call()
    finally:
        released()
