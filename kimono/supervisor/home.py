"""The data folder: one supervisor at a time, and what each thing in it is called."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kimono.supervisor import binaries
from kimono.supervisor.accounts import Account, own_folder
from kimono.supervisor.refusals import Refused

# `sun_path` of a socket's address holds 108 bytes on Linux and 104 on macOS, the closing zero among them.
LONGEST_SOCKET_PATH = 103
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"


@dataclass(frozen=True)
class Home:
    """The folder in which everything lies that must outlive a start."""

    path: Path

    @property
    def logs(self) -> Path:
        """Return the folder of the children's output."""
        return self.path / "logs"

    @property
    def pids(self) -> Path:
        """Return the folder with one file for each running child."""
        return self.path / "pids"

    @property
    def demo_file(self) -> Path:
        """Return the file that says where to go and who to be."""
        return self.path / "demo.json"

    def made(self) -> "Home":
        """Make the folders that are missing and return this home. Raises `Refused` where that is not allowed."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                # The servers' account passes through to its own folder and sees nothing on the way.
                self.path.chmod(self.path.stat().st_mode | 0o011)
            for folder in (self.logs, self.pids):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Refused(f"The data folder {self.path} cannot be used: {error.strerror}.") from error
        return self

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; the lock ends with it, however it ends. Raises `Refused` if taken."""
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, 20, 0).decode().strip() or "unknown"
                raise Refused(
                    f"Another Kimono (process {holder}) uses {self.path}; stop it or choose another KIMONO_HOME."
                ) from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def secret_key(self) -> str:
        """Return the key that signs sessions and tokens; made at the first start, readable by its owner only."""
        file = self.path / "secret_key"
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if key := file.read_text().strip():
                return key
            descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            key = secrets.token_urlsafe(48)
            out.write(key + "\n")
        return key

    def servers_folder(self, account: Account | None) -> Path:
        """Return the folder of the servers' data: in the home, unless the account may not enter it."""
        if account is None or account.reaches(self.path):
            return self.path
        binaries.SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder = binaries.SYSTEM_FOLDER / f"home-{self.tag}"
        own_folder(folder, None, mode=0o711)
        return folder

    def socket_folder(self, account: Account | None) -> Path:
        """Return the folder of the servers' sockets, with a path short enough for an address."""
        inside = self.servers_folder(account) / "run"
        too_long = len(os.fsencode(str(inside))) + len(_LONGEST_SOCKET_NAME) > LONGEST_SOCKET_PATH
        folder = Path(tempfile.gettempdir()) / f"kimono-{os.geteuid()}-{self.tag}" if too_long else inside
        own_folder(folder, account)
        return folder

    @property
    def tag(self) -> str:
        """Return a short name for this home, the same at each start."""
        return hashlib.sha256(os.fsencode(str(self.path))).hexdigest()[:12]


def from_environment(environment: dict[str, str]) -> Home:
    """Return the home that `KIMONO_HOME` names, `.kimono` in the current folder where it says nothing."""
    return Home(Path(environment.get("KIMONO_HOME") or ".kimono").expanduser().resolve())
