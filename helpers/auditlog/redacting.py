"""What may enter the log: known fields, no secrets, no e-mail or IP address in plain text.

This happens before hashing, because a chained record can't be removed again. Addresses become
salted names (`email:1f3a…`): within one log an address always has the same name, so "was it the
same person" can be answered, but nobody can recover the address without the salt.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.entries import Json, LogEvent
from helpers.core.errors import StateError
from helpers.core.redaction import Redactor
from helpers.system.files import make_private

__all__ = ["FIELDS", "EventRedactor", "read_salt"]

FIELDS: Final = frozenset(
    (
        *("run_id", "step", "check", "profile", "state", "attempt", "exit_status", "reason"),
        *(
            "note",
            "method",
            "route",
            "http_status",
            "request_id",
            "duration_ms",
            "topic",
            "version",
        ),
        *("credential", "variable", "file", "count", "rows", "from", "to", "email", "ip"),
        *("period_from", "period_to", "results_sha256", "reviewer", "dropped"),
    )
)
_RESOURCE: Final = ("id", "fingerprint", "kind")
_NAME: Final = re.compile(r"[a-z][a-z0-9_.]{0,79}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,253}\.[A-Za-z]{2,24}")
_IPV4: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]{0,40}(?![\w:])")
_LONGEST: Final = 1000  # characters of one text; the rest is cut, and marked as cut
_SALT_LENGTH: Final = 32  # bytes
_MOST: Final = 32  # fields of one record


class EventRedactor:
    """Redacts events for the log. `salt` is the installation's, `fields` are additional ones."""

    def __init__(self, redactor: Redactor, salt: bytes, fields: Collection[str] = ()) -> None:
        self._redactor = redactor
        self._salt = salt
        self._fields = FIELDS | set(fields)

    def event(self, event: LogEvent) -> LogEvent:
        """The event with known fields only, and secrets and addresses replaced.

        Raises ValueError for an action that is not a dotted name or is reserved for the log, and
        for a result other than `success` and `failure`: these come from code, not from outside.
        """
        if event.action.startswith("log."):
            raise ValueError("Actions that begin with `log.` are reserved for the log.")
        if not _NAME.fullmatch(event.action) or event.result not in ("success", "failure"):
            raise ValueError(
                "An action is a dotted lower-case name, a result is success or failure."
            )
        kept, dropped = self._sorted(event.metadata)
        if dropped:
            kept["dropped"] = ",".join(sorted(dropped))[:_LONGEST]
        resource = {k: self.text(str(v)) for k, v in event.resource.items() if k in _RESOURCE}
        return LogEvent(event.action, resource, event.result, kept, event.user, event.at)

    def text(self, text: str) -> str:
        """A text without secrets and addresses, cut at 1000 characters."""
        text = self._redactor.text(text)
        text = _EMAIL.sub(self._named("email"), text)
        text = _IPV4.sub(self._named("ip"), text)
        text = _IPV6.sub(self._named("ip"), text)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + " [cut]"

    def _sorted(self, metadata: Mapping[str, Json]) -> tuple[dict[str, Json], list[str]]:
        kept = {k: self._value(v) for k, v in metadata.items() if k in self._fields}
        dropped = [k for k in metadata if k not in self._fields and _NAME.fullmatch(k)]
        return dict(list(kept.items())[:_MOST]), dropped

    def _value(self, value: Any) -> Json:
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return self.text(repr(value))
        return self.text(str(value))

    def _named(self, kind: str) -> Callable[[re.Match[str]], str]:
        def name(match: re.Match[str]) -> str:
            if kind == "ip" and not _is_address(match[0]):
                return match[0]  # a time of day, a version
            address = f"{kind}\0{match[0].lower()}".encode()
            return f"{kind}:{hmac.new(self._salt, address, hashlib.sha256).hexdigest()[:16]}"

        return name


def read_salt(path: Path) -> bytes:
    """The installation's salt, created at first use.

    Raises StateError if that fails, or if the file is not as it was created.
    """
    try:
        make_private(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        temporary = path.with_name(f".salt.{uuid.uuid4().hex}")
        if not path.exists():
            descriptor = os.open(temporary, flags, 0o400)
            os.write(descriptor, secrets.token_bytes(_SALT_LENGTH))
            os.fsync(descriptor)
            os.close(descriptor)
            try:
                os.link(temporary, path)  # the first one to be linked stays
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        salt = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StateError(
            f"The audit log's folder {path.parent} can't be used: {reason}.",
            "Give this user write access to it, or set RUNBOOK_STATE_HOME to another one.",
        ) from None
    if len(salt) != _SALT_LENGTH:
        raise StateError(
            f"The audit log's salt {path} is damaged: it has {len(salt)} bytes.",
            "Bring it back from a copy, or delete it; then addresses get new names from now on.",
        )
    return salt


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
