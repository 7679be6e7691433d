"""Where a tenant's files lie. A path always starts with the tenant's uuid and never holds a name given by a user."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from kimono.lib.db import current_tenant


def _root() -> Path:
    return Path(settings.MEDIA_ROOT)


def tenant_folder() -> Path:
    """Return the folder of the current tenant's files; it may not exist yet."""
    return _root() / str(current_tenant().pk)


def store(content: bytes, *, kind: str) -> str:
    """Write `content` durably and return its key, relative to the tenant's folder.

    The key is `<kind>/<2 characters>/<uuid>`. The file is complete or absent: written aside, synced, renamed.
    """
    name = uuid4().hex
    key = f"{kind}/{name[:2]}/{name}"
    target = tenant_folder() / key
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    with aside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    aside.rename(target)
    return key


def path_of(key: str) -> Path:
    """Return the path of a stored file. Raises `ValueError` for a key that leaves the tenant's folder."""
    folder = tenant_folder().resolve()
    path = (folder / key).resolve()
    if not path.is_relative_to(folder):
        raise ValueError("the key leaves the tenant's folder")
    return path


def read(key: str) -> bytes:
    """Return the bytes of a stored file."""
    return path_of(key).read_bytes()


def remove(key: str) -> None:
    """Delete a stored file; one that is gone already is no error."""
    path_of(key).unlink(missing_ok=True)


def digest(content: bytes) -> str:
    """Return `sha256:<hex>` of `content`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
