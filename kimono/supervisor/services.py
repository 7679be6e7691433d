"""PostgreSQL and Redis together: started, described by their addresses, watched, stopped in order."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kimono.supervisor import accounts, binaries
from kimono.supervisor.home import Home
from kimono.supervisor.postgres import APP, OWNER, Postgres
from kimono.supervisor.processes import Child
from kimono.supervisor.redis import Redis
from kimono.supervisor.refusals import Refused
from kimono.supervisor.stopping import Stopping

START_SECONDS = 60.0


@dataclass(frozen=True)
class Addresses:
    """Where the servers are, in the words of the environment."""

    database_url: str
    database_owner_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """Return them as variables for a process that may change the database's structure."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "REDIS_URL": self.redis_url,
        }


@dataclass
class Services:
    """The servers of one start. `children` are ours; a server of the user's own is only an address."""

    addresses: Addresses
    postgres: Postgres | None = None
    redis: Redis | None = None
    children: list[Child] = field(default_factory=list)

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop ours, the last started first: Redis, then PostgreSQL."""
        for child in reversed(self.children):
            child.stop(hurry=hurry)


def given(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the addresses that the environment names. Raises `Refused` for half a database."""
    app, owner = (
        environment.get("DATABASE_URL", ""),
        environment.get("DATABASE_OWNER_URL", ""),
    )
    if bool(app) != bool(owner):
        there, missing = (
            ("DATABASE_URL", "DATABASE_OWNER_URL") if app else ("DATABASE_OWNER_URL", "DATABASE_URL")
        )
        raise Refused(f"{there} is set but {missing} is not; set both, or none for the bundled PostgreSQL.")
    return app, owner, environment.get("REDIS_URL", "")


def await_answer(child: Child, answers: Callable[[], bool], stopping: Stopping) -> None:
    """Wait until a server answers. Raises `Refused` when it ends or takes longer than `START_SECONDS`."""
    until = time.monotonic() + START_SECONDS
    while not answers():
        if not child.runs:
            raise Refused(f"{child.program.name} ended at its start; see {child.log}:\n{child.last_lines()}")
        if time.monotonic() > until:
            raise Refused(f"{child.program.name} does not answer; see {child.log}.")
        stopping.pause(0.03)


@contextlib.contextmanager
def started(
    home: Home,
    *,
    environment: Mapping[str, str],
    stopping: Stopping,
    settings: Mapping[str, str] | None = None,
    lasting: bool = True,
    databases: int = 16,
) -> Iterator[Services]:
    """Start what the environment does not name, under the home's lock, and stop it at the end of the block.

    `settings` go to PostgreSQL on top of ours; `lasting` tells whether Redis keeps its data on disk.
    """
    app_url, owner_url, redis_url = given(environment)
    services = Services(Addresses(app_url, owner_url, redis_url))
    try:
        if not app_url:
            services.postgres = _start_postgres(services, home, stopping, settings or {})
            app_url, owner_url = (
                services.postgres.url(APP),
                services.postgres.url(OWNER),
            )
        if not redis_url:
            services.redis = _start_redis(services, home, stopping, lasting=lasting, databases=databases)
            redis_url = services.redis.url()
        services.addresses = Addresses(app_url, owner_url, redis_url)
        yield services
    finally:
        services.stop(hurry=stopping.impatient)


def _start_postgres(
    services: Services, home: Home, stopping: Stopping, settings: Mapping[str, str]
) -> Postgres:
    account = accounts.account_for_servers(home.path / "postgres")
    server = Postgres(
        data=home.servers_folder(account) / "postgres",
        sockets=home.socket_folder(account),
        programs=binaries.find(account).postgres,
        account=account,
        settings=dict(settings),
    )
    server.make_cluster()
    child = Child(server.program(), home)
    services.children.append(child)
    child.start()
    await_answer(child, server.answers, stopping)
    prepared = home.path / "postgres_prepared"
    identifier = server.sql("SELECT system_identifier FROM pg_control_system()")
    if not prepared.exists() or prepared.read_text() != identifier:
        server.prepare()
        prepared.write_text(identifier)
    return server


def _start_redis(
    services: Services, home: Home, stopping: Stopping, *, lasting: bool, databases: int
) -> Redis:
    account = accounts.account_for_servers(home.path / "redis")
    data = home.servers_folder(account) / "redis"
    accounts.own_folder(data, account)
    server = Redis(
        data=data,
        sockets=home.socket_folder(account),
        binary=binaries.find(account).redis,
        account=account,
        lasting=lasting,
        databases=databases,
    )
    child = Child(server.program(), home)
    services.children.append(child)
    child.start()
    await_answer(child, server.answers, stopping)
    return server
