"""As whom the bundled servers run: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kimono.supervisor.refusals import Refused

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An existing, unprivileged account of the system."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Tell whether the account may enter the folder, or run the file, at `path`."""
        test = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$0"', str(path)],
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            check=False,
        )
        return test.returncode == 0


def account_for_servers(data: Path) -> Account | None:
    """Return the account to run the servers as, or None to run them as ourselves.

    Only root needs another account: the owner of the data in `data` where there is some, so that a folder stays
    with who made it; else the first of `CANDIDATES` that exists. Raises `Refused` where there is none, or where
    the data belongs to somebody else.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise Refused(
                f"{data} belongs to another account; start as that one or choose another KIMONO_HOME."
            )
        return None
    if owner:
        try:
            return _account(pwd.getpwuid(owner))
        except KeyError:
            return Account(name=str(owner), uid=owner, gid=data.stat().st_gid)
    for name in CANDIDATES:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise Refused(
        "PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def own_folder(path: Path, account: Account | None, *, mode: int = 0o700) -> None:
    """Make the folder `path`, or check that an existing one belongs to the account (or to ourselves).

    Raises `Refused` for a link or a foreign folder: in a shared folder somebody else could have put it there.
    """
    uid = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if path.is_symlink() or not path.is_dir() or found.st_uid not in (uid, os.geteuid()):
            raise Refused(
                f"{path} is not a folder of ours; remove it or choose another KIMONO_HOME."
            ) from None
    if account and path.lstat().st_uid != uid:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)
