"""This installation: who runs this process, and the salt of its logs."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import uuid
from pathlib import Path

from helpers.auditlog.entries import Actor
from helpers.core.errors import StateError

__all__ = ["local_actor", "salt_in"]


def local_actor() -> Actor:
    """Who runs this process, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Actor(user, socket.gethostname())


def salt_in(path: Path) -> bytes:
    """The installation's salt, made at first use. Raises StateError where it can't be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        temporary = path.with_name(f".salt.{uuid.uuid4().hex}")
        if not path.exists():
            descriptor = os.open(temporary, flags, 0o400)
            os.write(descriptor, secrets.token_bytes(32))
            os.close(descriptor)
            try:
                os.link(temporary, path)  # the first one stays
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StateError(
            f"The audit log's folder {path.parent} can't be used: {reason}.",
            "Give this user write access to it, or set RUNBOOK_STATE_HOME to another one.",
        ) from None
