"""What the documents name must exist: files, routes, modules, variables, commands, links."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from kimono.lib.environment import Environment
from kimono.supervisor.demo import web_command, worker_command
from tests.fixtures.running import Run
from tests.guards.documents import CHECKOUT, NAMES, Document, routes, variables_of_providers, written
from tests.guards.limits import limits_in_force

DOCUMENTS = [pytest.param(Document(name), id=name) for name in NAMES]
APPS = ("kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole")
# Made by a command, so not in a checkout.
MADE = (".venv", ".kimono")
# Programs of others that the documents call; their arguments are theirs.
OTHERS = {"curl", "ollama", "pg_dump", "pg_restore", "tar", "uv", "vllm"}
# Settings of a database session, set in the backend; written like modules.
SESSION_SETTINGS = {"kimono.tenant", "kimono.scope"}
_ENDINGS = (".md", ".py", ".toml", ".lock", ".json", ".sql", ".html", ".css", ".js", ".yml", ".png")
_DOTTED = re.compile(rf"^((?:{'|'.join(APPS)})(?:\.\w+)+)(?=[(\s:]|$)")
_VARIABLE = re.compile(r"\b(KIMONO_[A-Z_]+|DATABASE_[A-Z_]*URL|REDIS_URL)")
_ADDRESS = re.compile(r"https?://[\w.-]*localhost(?::\d+)?(/[^\s'\"`)]*)")

for_each_document = pytest.mark.parametrize("document", DOCUMENTS)


@for_each_document
def test_links_lead_somewhere(document: Document) -> None:
    missing = []
    for link in document.links:
        path, _, anchor = link.partition("#")
        target = (CHECKOUT / document.name).parent / path if path else CHECKOUT / document.name
        if not target.exists() or (
            anchor and anchor not in Document(str(target.resolve().relative_to(CHECKOUT))).anchors
        ):
            missing.append(link)
    assert missing == []


@for_each_document
def test_files_exist(document: Document) -> None:
    top = {path.name for path in CHECKOUT.iterdir()}
    missing = []
    for span in document.spans:
        first = span.split("/", 1)[0]
        looks = "/" in span or span.endswith(_ENDINGS)
        if looks and first in top and first not in MADE and not re.search(r"[\s<>*]", span):
            missing += [] if (CHECKOUT / span).exists() else [span]
    assert missing == []


@for_each_document
def test_modules_and_names_exist(document: Document) -> None:
    named = {match.group(1) for span in document.spans if (match := _DOTTED.match(span))}
    assert sorted(name for name in named if not _is_known(name)) == []


def _is_known(name: str) -> bool:
    from conversations.consumers.knocking import PROTOCOL
    from kimono.lib import jobs
    from kimono.lib.queue import app

    if name == PROTOCOL:
        return True
    backend = "".join(path.read_text() for path in (CHECKOUT / "kimono/lib/db").glob("*.py"))
    if name in SESSION_SETTINGS:
        return f"'{name}'" in backend or f'"{name}"' in backend
    importlib.import_module("kimono.celery")
    app.loader.import_default_modules()
    return _resolves(name) or name in jobs.handlers() or name in app.tasks


def _resolves(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            fields = getattr(found, "__annotations__", {})
            if not hasattr(found, part):
                return part in fields
            found = getattr(found, part)
        return True
    return False


@for_each_document
def test_routes_and_pages_are_served(document: Document) -> None:
    paths = [match.group(1) for match in _ADDRESS.finditer(document.text)]
    paths += [
        span.split(" ")[-1]
        for span in document.spans
        if re.match(r"^((GET|POST|PUT|PATCH|DELETE) )?/\w", span)
    ]
    files = ("/var/", "/srv/", "/tmp/", "/v1")
    assert sorted({path for path in paths if not path.startswith(files) and not _is_served(path)}) == []


def _is_served(path: str) -> bool:
    if path.startswith("/ws/"):
        from kimono.asgi import _sockets

        return any(pattern.resolve(path[1:]) is not None for pattern in _sockets()) or path == "/ws/"
    for urlconf in ("kimono.urls", "kimono.urls_platform"):
        try:
            resolve(path.split("?")[0], urlconf=urlconf)
        except Resolver404:
            continue
        return True
    return path == "/__control" or path == "/api/v1"


@for_each_document
def test_variables_are_read(document: Document) -> None:
    known = variables()
    unknown = [
        name
        for name in set(_VARIABLE.findall(document.text))
        if name not in known and not (name.endswith("_") and any(each.startswith(name) for each in known))
    ]
    assert sorted(unknown) == []


@cache
def variables() -> frozenset[str]:
    """Return every variable of the environment that the code reads."""
    read = {name.upper() for name in Environment.model_fields}
    read |= variables_of_providers() | set(limits_in_force())
    for app in APPS:
        for path in (CHECKOUT / app).rglob("*.py"):
            read |= set(
                re.findall(r"""environ(?:ment)?(?:\.get\(|\[)["'](KIMONO_[A-Z_]+)["']""", path.read_text())
            )
    return frozenset(read)


@for_each_document
def test_commands_can_be_given(document: Document) -> None:
    commands = document.commands + [
        span for span in document.spans if span.startswith((".venv/bin/", "make "))
    ]
    assert [command for command in commands if not _can_be_given(command)] == []


def _can_be_given(command: str) -> bool:
    words = shlex.split(command)
    while words and re.match(r"^[A-Z_]+=", words[0]):
        words = words[1:]
    match words:
        case ["export", *_]:
            return True
        case ["make", target, *_]:
            return target in _targets()
        case [".venv/bin/python", *rest]:
            return _runs_in_python(rest)
        case ["manage.py", command, *_]:
            return command in get_commands()
        case [program, *_]:
            return program in OTHERS
    return False


def _runs_in_python(words: list[str]) -> bool:
    match words:
        case ["-m", "kimono.supervisor", "exec", "--", *rest]:
            return rest[0] == "sh" or _can_be_given(shlex.join(rest))
        case ["-m", "uvicorn", application, *options]:
            return application in web_command(8000) and _options(options) <= _options(web_command(8000))
        case ["-m", "celery", *options]:
            return _options(options) <= _options(worker_command())
        case ["-m", module, *_]:
            return importlib.util.find_spec(module) is not None
        case ["manage.py", command, *_]:
            return command in get_commands()
    return False


def _options(words: Any) -> set[str]:
    return {word for word in words if word.startswith("-")}


@cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))


def test_the_chinese_readme_says_the_same() -> None:
    english, chinese = Document("README.md"), Document("README.zh.md")
    assert chinese.blocks("sh") == english.blocks("sh")
    assert chinese.headings == english.headings
    assert [link for link in chinese.links if link != "README.md"] == [
        link for link in english.links if link != "README.zh.md"
    ]
    assert set(_in_tables(chinese)) == set(_in_tables(english))


def _in_tables(document: Document) -> Iterator[str]:
    for line in document.text.splitlines():
        if line.startswith("| `"):
            yield line.split("|")[1].strip()


def test_every_document_is_listed() -> None:
    listed = {
        str((CHECKOUT / index).parent.joinpath(link.partition("#")[0]).resolve().relative_to(CHECKOUT))
        for index in ("README.md", "docs/README.md", "docs/adr/README.md")
        for link in Document(index).links
    }
    assert [name for name in NAMES if name.startswith("docs/") and name not in listed] == []


def test_every_route_has_its_id_and_is_listed() -> None:
    found = routes()
    assert [route for route in found if not re.match(r"^[A-Z]{2}-\d{2}$", route.id)] == []
    assert written() == found, "run: python -m tests.guards.documents"


def test_a_backup_as_described_can_be_restored(
    run: Run,
    worker: str,
    alpha: Any,
    beta: Any,
    new_key: Callable[..., str],
    superuser: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    for tenant in (alpha, beta):
        new_key(tenant)
    document = Document("docs/how-to/back-up-and-restore.md")
    dump, restore = (
        next(line for line in document.commands if words in line)
        for words in ("pg_dump --format=custom --enable-row-security", "pg_restore")
    )
    # What the tests keep in the database for themselves is not the owner's.
    dump = dump.replace("pg_dump ", "pg_dump --exclude-schema=kimono_test ")
    fresh = f"kimono_restored_{worker}"
    superuser.execute(f"DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")
    superuser.execute(f"CREATE DATABASE {fresh} OWNER kimono_owner TEMPLATE template0")
    try:
        _prepare(run.url("postgres", fresh))
        _shell(dump, cwd=tmp_path, owner=run.url("kimono_owner", run.database(worker)))
        _shell(restore, cwd=tmp_path, owner=run.url("kimono_owner", fresh))
        assert _counts(run.url("postgres", fresh)) == _counts(run.url("postgres", run.database(worker)))
        assert _counts(run.url("postgres", fresh))["tenants_apikey"] == 2
        with psycopg.connect(run.url("kimono_app", fresh)) as connection:
            assert connection.execute("SELECT count(*) FROM tenants_apikey").fetchone() == (0,)
    finally:
        superuser.execute(f"DROP DATABASE {fresh} WITH (FORCE)")


def _prepare(url: str) -> None:
    statements = (
        Document("docs/how-to/run-in-production.md").blocks("sql")[0].partition("\\connect kimono\n")[2]
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements)


def _shell(command: str, *, cwd: Path, owner: str) -> None:
    from kimono.supervisor import binaries

    programs = str(binaries.find(None).postgres)
    environment = os.environ | {"DATABASE_OWNER_URL": owner, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables"
            " WHERE schemaname <> 'kimono_test'"
        ).fetchall()
        rows = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone() for (name,) in names}
    return {name.removeprefix("public."): row[0] for name, row in rows.items() if row is not None}


def test_python_of_the_documents_compiles() -> None:
    for name in NAMES:
        for block in Document(name).blocks("python"):
            compile(block, name, "exec")
    assert sys.version_info >= (3, 11)
