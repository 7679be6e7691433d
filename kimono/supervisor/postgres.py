"""The bundled PostgreSQL 18 with pgvector: made once, then run in the foreground on a socket that only we reach."""

import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from kimono.supervisor.accounts import Account, own_folder
from kimono.supervisor.processes import Program, bound_to
from kimono.supervisor.refusals import Refused

PORT = 5432
OWNER = "kimono_owner"
APP = "kimono_app"

_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    # A migration or a dump over many tenants' schemas locks many tables in one transaction.
    "max_locks_per_transaction": "256",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "io_workers": "1",
    "autovacuum_max_workers": "1",
    "unix_socket_permissions": "0700",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u@%d ",
}
# For tests: a crash of the machine may lose data, a crash of the server does not.
CARELESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}

_ROLES = f"""
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name)
  FROM unnest(ARRAY['{OWNER}', '{APP}']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
"""
# What must stand before the first migration. The extension is not a trusted one: its owner cannot make it.
_DATABASE = f"""
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {APP};
SET ROLE {OWNER};
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {APP};
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {APP};
"""


@dataclass(frozen=True)
class Postgres:
    """One cluster: its data, the folder of its socket, and the programs that serve it."""

    data: Path
    sockets: Path
    programs: Path
    account: Account | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def url(self, role: str, database: str = "kimono") -> str:
        """Return the address of a database for a role."""
        query = urlencode({"host": str(self.sockets), "port": PORT}, safe="/")
        return f"postgresql://{role}@/{database}?{query}"

    def program(self) -> Program:
        """Return how to run the server: no port, one socket; INT is its fast and clean stop."""
        options = [f"-c{key}={value}" for key, value in {**_SETTINGS, **self.settings}.items()]
        command = (
            str(self.programs / "postgres"),
            "-D",
            str(self.data),
            "-k",
            str(self.sockets),
            "-h",
            "",
        )
        return Program(
            name="postgres",
            command=(*command, "-p", str(PORT), *options),
            account=self.account,
            stop_signal=signal.SIGINT,
        )

    def make_cluster(self) -> bool:
        """Make the cluster unless it is there; return whether it was made. An interrupted attempt leaves no half."""
        if (self.data / "PG_VERSION").exists():
            return False
        # A killed attempt may still be writing for a moment: this one never shares a folder with it.
        for earlier in self.data.parent.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(earlier, ignore_errors=True)
        half = self.data.with_name(f"{self.data.name}.new-{secrets.token_hex(4)}")
        own_folder(half, self.account)
        command = [
            str(self.programs / "initdb"),
            "-D",
            str(half),
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # Who reaches the socket is trusted: its folder admits our own account alone. Nothing listens on a port.
        trust = ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        done = subprocess.run(
            [*command, *locale, *trust],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            preexec_fn=bound_to(os.getpid(), signal.SIGKILL),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if done.returncode:
            raise Refused(f"PostgreSQL's data could not be made in {half}: {_last_line(done.stderr)}")
        half.rename(self.data)
        return True

    def answers(self) -> bool:
        """Tell whether the server takes connections."""
        command = [
            str(self.programs / "pg_isready"),
            "-U",
            "postgres",
            "-h",
            str(self.sockets),
            "-p",
            str(PORT),
        ]
        return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0

    def sql(self, statements: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser and return its bare output. Raises `Refused` with the first error."""
        done = subprocess.run(
            [
                *(
                    str(self.programs / "psql"),
                    "-X",
                    "-q",
                    "-A",
                    "-t",
                    "-v",
                    "ON_ERROR_STOP=1",
                ),
                *(
                    "-h",
                    str(self.sockets),
                    "-p",
                    str(PORT),
                    "-U",
                    "postgres",
                    "-d",
                    database,
                ),
            ],
            cwd="/",
            input=statements,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Refused(f"PostgreSQL refused a statement: {_last_line(done.stderr)}")
        return done.stdout.strip()

    def prepare(self, *, database: str = "kimono") -> None:
        """Make both roles and the database with its extension and grants, whichever are missing."""
        self.sql(_ROLES)
        if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
            self.sql(f'CREATE DATABASE "{database}" OWNER {OWNER} TEMPLATE template0')
        self.sql(_DATABASE, database=database)


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
