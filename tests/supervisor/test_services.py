"""The bundled servers as a user meets them: started, stopped, killed, started twice."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from kimono.supervisor.binaries import SYSTEM_FOLDER
from kimono.supervisor.home import Home
from tests.supervisor.conftest import Supervisor, await_none, processes_of

Supervise = Callable[..., Supervisor]


def addresses(supervisor: Supervisor) -> tuple[str, str, str]:
    """Return both database addresses and Redis's, once all servers answer."""
    names = ("DATABASE_URL=", "DATABASE_OWNER_URL=", "REDIS_URL=")
    app, owner, broker = (supervisor.line(name) for name in names)
    return app, owner, broker


def test_roles_and_grants_are_as_row_level_security_needs_them(supervise: Supervise) -> None:
    app_url, owner_url, _ = addresses(supervise("services"))
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id int generated always as identity, v vector(3))")
        owner.execute("CREATE SCHEMA later")
        owner.execute("CREATE TABLE later.thing (id int)")
    with psycopg.connect(app_url, autocommit=True) as app:
        roles = app.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'kimono%' ORDER BY 1"
        ).fetchall()
        assert roles == [("kimono_app", False, False, False), ("kimono_owner", False, False, False)]
        app.execute("INSERT INTO thing (v) VALUES ('[1,2,3]')")
        assert app.execute("SELECT count(*) FROM thing, later.thing t").fetchone() == (0,)
        for forbidden in (
            "CREATE TABLE mine ()",
            "TRUNCATE thing",
            "SET ROLE kimono_owner",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_term_stops_everything_and_keeps_the_data(supervise: Supervise, home: Path) -> None:
    first = supervise("services")
    _, owner_url, redis_url = addresses(first)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS n")
        # Open connections must not hold the stop up.
        begun = time.monotonic()
        assert first.stop() == 0
    assert time.monotonic() - begun < 10
    assert processes_of(home) == []
    assert list((home / "pids").iterdir()) == []
    assert "database system is shut down" in (home / "logs" / "postgres.log").read_text()

    _, owner_url, redis_url = addresses(supervise("services"))
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT n FROM kept").fetchone() == (42,)
    assert redis.Redis.from_url(redis_url).ping()


def test_a_killed_supervisor_leaves_nothing_running_and_the_next_start_recovers(
    supervise: Supervise, home: Path
) -> None:
    first = supervise("services")
    _, owner_url, redis_url = addresses(first)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS n")
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "42")
    time.sleep(1.2)  # Redis writes every second
    first.process.kill()
    first.wait()
    assert await_none(home, seconds=10) == []
    assert (home / "pids" / "postgres").exists(), (
        "a killed supervisor cannot clean up; the test would prove nothing"
    )

    _, owner_url, redis_url = addresses(supervise("services"))
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT n FROM kept").fetchone() == (42,)
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("kept") == b"42"


def test_a_start_while_the_killed_one_still_goes_down_takes_over(supervise: Supervise, home: Path) -> None:
    first = supervise("services")
    addresses(first)
    first.process.kill()
    _, owner_url, _ = addresses(supervise("services"))
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_survived_its_supervisor_is_ended_by_the_next_start(
    supervise: Supervise, home: Path
) -> None:
    first = supervise("services")
    addresses(first)
    postgres = int((home / "pids" / "postgres").read_text().split()[0])
    # A stopped process does not act on the signal that its parent's death sends.
    os.kill(postgres, signal.SIGSTOP)
    first.process.kill()
    first.wait()
    assert postgres in processes_of(home)
    second = supervise("services")
    time.sleep(0.5)
    os.kill(postgres, signal.SIGCONT)
    addresses(second)
    assert int((home / "pids" / "postgres").read_text().split()[0]) != postgres
    assert postgres not in processes_of(home)


def test_everything_is_gone_when_killed_at_any_moment_of_the_start(supervise: Supervise, home: Path) -> None:
    for delay in (0.15, 0.3, 0.5, 0.8):
        supervisor = supervise("services")
        time.sleep(delay)
        supervisor.process.kill()
        supervisor.wait()
    _, owner_url, _ = addresses(supervise("services"))
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT extname FROM pg_extension WHERE extname = 'vector'").fetchone() == (
            "vector",
        )


def test_a_second_one_in_the_same_folder_is_refused(supervise: Supervise, home: Path) -> None:
    first = supervise("services")
    _, _, redis_url = addresses(first)
    second = supervise("services")
    assert second.wait() == 1
    assert second.lines == [
        f"kimono: Another Kimono (process {first.process.pid}) uses {home}; stop it or choose another KIMONO_HOME."
    ]
    # A second Redis on the same socket would have taken it away.
    assert redis.Redis.from_url(redis_url).ping()


def test_a_server_that_dies_is_started_again(supervise: Supervise, home: Path) -> None:
    supervisor = supervise("services")
    _, owner_url, _ = addresses(supervisor)
    os.kill(int((home / "pids" / "postgres").read_text().split()[0]), signal.SIGKILL)
    assert "signal 9" in supervisor.line("postgres ended")
    until = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(owner_url) as owner:
                assert owner.execute("SELECT 1").fetchone() == (1,)
            break
        except psycopg.OperationalError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_server_that_keeps_dying_ends_the_supervisor_with_a_sentence(
    supervise: Supervise, home: Path
) -> None:
    supervisor = supervise("services")
    addresses(supervisor)
    record = home / "pids" / "redis"
    killed: set[str] = set()
    until = time.monotonic() + 60
    while supervisor.process.poll() is None:
        assert time.monotonic() < until
        if (found := record.read_text() if record.exists() else "") and found not in killed:
            killed.add(found)
            os.kill(int(found.split()[0]), signal.SIGKILL)
        time.sleep(0.02)
    assert supervisor.wait() == 1
    assert len(killed) == 6
    assert any(
        line.startswith("kimono: redis ended (signal 9) 6 times within a minute; see ")
        for line in supervisor.lines
    )
    assert processes_of(home) == []


def test_a_long_path_moves_the_sockets_only(supervise: Supervise, home: Path) -> None:
    deep = home.joinpath(*["a-rather-long-name-of-a-folder"] * 5)
    _, owner_url, redis_url = addresses(supervise("services", KIMONO_HOME=str(deep)))
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT 1").fetchone() == (1,)
    assert (deep / "postgres" / "postmaster.pid").exists()
    assert redis.Redis.from_url(redis_url).ping()
    assert str(deep) not in redis_url


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another account")
def test_a_folder_that_the_servers_account_may_not_enter_keeps_its_permissions(
    supervise: Supervise, home: Path
) -> None:
    home.mkdir()
    locked = home / "locked"
    locked.mkdir(mode=0o700)
    elsewhere = SYSTEM_FOLDER / f"home-{Home(locked / 'home').tag}"
    try:
        supervisor = supervise("services", KIMONO_HOME=str(locked / "home"))
        _, owner_url, redis_url = addresses(supervisor)
        with psycopg.connect(owner_url) as owner:
            assert owner.execute("SELECT 1").fetchone() == (1,)
        assert redis.Redis.from_url(redis_url).ping()
        assert (elsewhere / "postgres" / "PG_VERSION").exists()
        assert locked.stat().st_mode & 0o777 == 0o700
        assert supervisor.stop() == 0
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


def test_servers_of_the_user_are_used_and_none_is_started(supervise: Supervise, home: Path) -> None:
    given = {"DATABASE_URL": "postgresql://a@db/k", "DATABASE_OWNER_URL": "postgresql://o@db/k"}
    supervisor = supervise("services", **given, REDIS_URL="redis://cache:6379/4")
    assert addresses(supervisor) == ("postgresql://a@db/k", "postgresql://o@db/k", "redis://cache:6379/4")
    assert list((home / "pids").iterdir()) == []
    assert supervisor.stop() == 0


def test_half_a_database_is_refused(supervise: Supervise) -> None:
    supervisor = supervise("services", DATABASE_URL="postgresql://a@db/k")
    assert supervisor.wait() == 1
    assert supervisor.lines == [
        "kimono: DATABASE_URL is set but DATABASE_OWNER_URL is not; set both, or none for the bundled PostgreSQL."
    ]
