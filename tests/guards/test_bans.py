"""What leaked, hung or lied once is not written again. Each ban says what to write instead."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.guards.sources import (
    CHECKOUT,
    PACKAGES,
    TENANT_APPS,
    calls_of,
    dotted,
    imports_of,
    module_of,
    paths,
    trees,
)

# Files that may: path → why. An entry that is not needed any more fails too.
Allowed = dict[str, str]

MEMORIES: Allowed = {
    "knowledge/services/visibility.py": "keyed by nothing of a tenant: the compiled parts of a query",
    "knowledge/services/prompts.py": "texts of the code, the same for every tenant",
    "knowledge/services/remembering.py": "for pure functions of a text, looked up by the text itself",
    "knowledge/services/grounding.py": "pure functions of a text: equal input, equal output, no tenant's data looked up",
    "knowledge/services/claims.py": "a pure function of a text, looked up by the text itself",
    "knowledge/services/documents/quotas.py": "limits of the environment, the same for every tenant",
    "conversations/services/dialogue/slots/matching.py": "a pure function of a text, looked up by the text itself",
    "conversations/services/open_sockets.py": "limits of the environment, the same for every tenant",
    "conversations/services/open_streams.py": "limits of the environment, the same for every tenant",
}
MOST_LINES = 400
PLATFORM_SCOPE: Allowed = {
    "kimono/demo/loading.py": "makes the platform's own operator and its templates, before anything is served",
}


def memories(path: str, tree: ast.Module) -> Iterator[int]:
    if path.startswith(TENANT_APPS):
        for line, name in imports_of(tree):
            if name in ("functools.lru_cache", "functools.cache", "functools.cached_property"):
                yield line


def bare_cache(path: str, tree: ast.Module) -> Iterator[int]:
    """`cache.get` on the event loop waits for Redis with everybody; outside of Django's own it knew no tenant."""
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            for call in calls_of(function):
                name = dotted(call.func)
                if re.fullmatch(
                    r"(\w+\.)*cache\.(get|set|add|incr|decr|delete|touch|get_many|set_many|clear)", name
                ):
                    yield call.lineno


def schema_context(path: str, tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if dotted(call).split(".")[-1] in (
                "schema_context", "tenant_context", "tenant_scope", "platform_scope", "public_scope"
            ):  # fmt: skip
                yield decorator.lineno
    for line, name in imports_of(tree):
        if name in ("django_tenants.utils.schema_context", "django_tenants.utils.tenant_context"):
            yield line


def shared_task(path: str, tree: ast.Module) -> Iterator[int]:
    yield from (line for line, name in imports_of(tree) if name.endswith(".shared_task"))


def threads(path: str, tree: ast.Module) -> Iterator[int]:
    if path == "kimono/lib/threads.py":
        return
    for line, name in imports_of(tree):
        if name.startswith("concurrent.futures") or name.endswith(
            (".database_sync_to_async", "asyncio.to_thread")
        ):
            yield line
    for call in calls_of(tree):
        if dotted(call.func) in ("asyncio.to_thread",) or dotted(call.func).endswith(".run_in_executor"):
            yield call.lineno


def late_tasks(path: str, tree: ast.Module) -> Iterator[int]:
    """`on_commit(task.delay)` reads the tenant when the transaction ends, which may be after its scope."""
    for call in calls_of(tree):
        if dotted(call.func).endswith("on_commit"):
            for node in ast.walk(call):
                if isinstance(node, ast.Attribute) and node.attr in (
                    "delay",
                    "apply_async",
                    "delay_on_commit",
                ):
                    yield call.lineno


def marked_safe(path: str, tree: ast.Module) -> Iterator[int]:
    for line, name in imports_of(tree):
        if name.endswith(".mark_safe"):
            yield line
    for call in calls_of(tree):
        if dotted(call.func).split(".")[-1] in ("SafeString", "SafeText", "mark_safe"):
            yield call.lineno


def clients(path: str, tree: ast.Module) -> Iterator[int]:
    yield from (line for line, name in imports_of(tree) if name.split(".")[0] in ("requests", "urllib3"))
    if not path.startswith("kimono/supervisor/"):
        yield from (line for line, name in imports_of(tree) if name.startswith("urllib.request"))


def vendors(path: str, tree: ast.Module) -> Iterator[int]:
    if not path.startswith("kimono/providers/"):
        yield from (
            line
            for line, name in imports_of(tree)
            if name.split(".")[0] in ("openai", "sentence_transformers")
        )


def doors_in_services(path: str, tree: ast.Module) -> Iterator[int]:
    if "/services/" not in path:
        return
    for line, name in imports_of(tree):
        if name.startswith(
            ("django.http", "django.shortcuts", "django.views", "ninja.", "celery.", "channels.")
        ):
            yield line


def platform_scope(path: str, tree: ast.Module) -> Iterator[int]:
    if path.startswith(("tenants/", "opsconsole/", "kimono/lib/db/")) or path == "kimono/beat.py":
        return
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and node.attr == "platform_scope") or (
            isinstance(node, ast.alias) and node.name == "platform_scope"
        ):
            yield node.lineno
        if isinstance(node, ast.keyword) and node.arg == "platform" and not isinstance(node.value, ast.Name):
            call = next(c for c in calls_of(tree) if node in c.keywords)
            if dotted(call.func).split(".")[-1] == "Scope":
                yield call.lineno


def locks(path: str, tree: ast.Module) -> Iterator[int]:
    """Without `no_key` a lock on a row shuts out every insert that points to it."""
    for call in calls_of(tree):
        named = any(keyword.arg == "no_key" for keyword in call.keywords)
        if getattr(call.func, "attr", "") == "select_for_update" and not named:
            yield call.lineno


BANS: list[tuple[Callable[[str, ast.Module], Iterator[int]], Allowed, str]] = [
    (memories, MEMORIES, "a cache of the process knows no tenant: key it by the tenant, or say why it may stay"),
    (bare_cache, {}, "use the a… methods or in_thread"),
    (schema_context, {}, "use `with tenant_scope(tenant):`; as a decorator it is shared by threads"),
    (shared_task, {}, "use kimono.lib.queue.app.task"),
    (threads, {}, "use kimono.lib.threads.in_thread"),
    (late_tasks, {}, "use tenants.services.ringing.after_commit"),
    (marked_safe, {}, "use django.utils.html.format_html"),
    (clients, {}, "use httpx with a time-out, in kimono.providers"),
    (vendors, {}, "ask kimono.providers"),
    (doors_in_services, {}, "a service takes plain values; the door translates"),
    (platform_scope, PLATFORM_SCOPE, "only tenants, opsconsole and beat see all tenants"),
    (locks, {}, "write select_for_update(no_key=True)"),
]  # fmt: skip


@pytest.mark.parametrize(("find", "allowed", "instead"), BANS, ids=[ban[0].__name__ for ban in BANS])
def test_banned(find: Callable[[str, ast.Module], Iterator[int]], allowed: Allowed, instead: str) -> None:
    found = {path: lines for path, tree in trees().items() if (lines := sorted(set(find(path, tree))))}
    places = [f"{path}:{line}" for path, lines in found.items() if path not in allowed for line in lines]
    assert not places, f"{', '.join(places)}: {instead}"
    assert set(allowed) <= set(found), "an exception that nothing needs any more"
    assert all(allowed.values())


WRONG = """
from functools import lru_cache
from celery import shared_task
from concurrent.futures import ThreadPoolExecutor
from django.utils.safestring import mark_safe
from django_tenants.utils import schema_context
from django.http import HttpRequest
from kimono.lib.db import platform_scope
import requests, openai, asyncio
@schema_context("x")
def f():
    transaction.on_commit(task.delay)
    transaction.on_commit(lambda: task.apply_async())
    Job.objects.select_for_update().get()
    db.set_scope(db.Scope(tenant=None, schema="public", platform=True))
async def g():
    cache.get("x")
    await asyncio.to_thread(f)
"""


@pytest.mark.parametrize("find", [ban[0] for ban in BANS], ids=[ban[0].__name__ for ban in BANS])
def test_each_ban_finds_what_it_bans(find: Callable[[str, ast.Module], Iterator[int]]) -> None:
    assert list(find("knowledge/services/wrong.py", ast.parse(WRONG)))


@pytest.mark.parametrize("path", paths())
def test_no_module_is_named_by_nothing(path: str) -> None:
    parts = set(module_of(path).split("."))
    nameless = parts & {"utils", "helpers", "common", "misc", "signals", "util", "helper"}
    assert not nameless, "name the module by what it does"


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    folders = (*PACKAGES, "templates", "static", "tests", "benchmarks", "deploy", ".ci")
    written = (
        path
        for folder in folders
        for path in (CHECKOUT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".html", ".css") and "migrations" not in path.parts
    )
    lengths = {
        str(path.relative_to(CHECKOUT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in written
    }
    long = {path for path, lines in lengths.items() if lines > MOST_LINES}
    assert len(lengths) > 900
    assert not long, "part the file by what it speaks of"
