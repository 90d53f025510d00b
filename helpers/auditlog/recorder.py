"""Record an action together with its outcome, success or failure.

with AuditLog.open(folder, state) as log, recording(log):
    with audited("contact.export", resource="export/17") as metadata:
        metadata["rows"] = export()
    client = httpx.Client(event_hooks=http_hooks())
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from helpers.auditlog.entries import FAILURE, SUCCESS
from helpers.auditlog.log import AuditLog
from helpers.core.errors import UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["audited", "http_hooks", "recording", "route_of"]

_CURRENT: ContextVar[AuditLog | None] = ContextVar("audit_log", default=None)
_STARTED: Final = "runbook.audit.started"
_ID: Final = re.compile(r"(?=.*\d)[\w%.~-]+|[0-9a-fA-F-]{16,}")
_REFUSED: Final = 400


@contextmanager
def recording(log: AuditLog) -> Iterator[AuditLog]:
    """Inside the block `audited` and `http_hooks` write to this log (in this thread or task)."""
    token = _CURRENT.set(log)
    try:
        yield log
    finally:
        _CURRENT.reset(token)


@contextmanager
def audited(
    action: str,
    *,
    resource: Mapping[str, str] | str = "",
    log: AuditLog | None = None,
    **metadata: Any,
) -> Iterator[dict[str, Any]]:
    """Record an action when it ends; an exception makes it a failure, and propagates.

    Entries that the block adds to the yielded dict become metadata. Of an exception only the type
    is recorded, not the text. Raises StateError if the log can't be written, UsageError if there
    is no log.
    """
    into = log or _current()
    fields: dict[str, Any] = dict(metadata)
    try:
        yield fields
    except BaseException as error:
        fields.setdefault("reason", type(error).__name__)
        into.append(action, resource=resource, result=FAILURE, **fields)
        raise
    into.append(action, resource=resource, result=SUCCESS, **fields)


def http_hooks(
    log: AuditLog | None = None, action: str = "intercom.api.call"
) -> dict[str, list[Callable[..., Any]]]:
    """Event hooks for an `httpx.Client`: each response becomes a record.

    It holds the method, route (ids replaced, no query), status, request id and milliseconds. httpx
    calls no hook for a failed connection: use `audited` for calls that must not be missed.
    """
    into = log or _current()

    def started(request: httpx.Request) -> None:
        request.extensions[_STARTED] = time.monotonic_ns()

    def answered(response: httpx.Response) -> None:
        request = response.request
        begun = request.extensions.get(_STARTED, time.monotonic_ns())
        into.append(
            action,
            resource=f"{request.method} {route_of(request.url.path)}",
            result=FAILURE if response.status_code >= _REFUSED else SUCCESS,
            http_status=response.status_code,
            request_id=response.headers.get("X-Request-Id", ""),
            duration_ms=(time.monotonic_ns() - begun) // 1_000_000,
        )

    return {"request": [started], "response": [answered]}


def route_of(path: str) -> str:
    """A path with its ids replaced: `/contacts/65f0/tags` is `/contacts/{id}/tags`."""
    return "/".join("{id}" if _ID.fullmatch(part) else part for part in path.split("/"))


def _current() -> AuditLog:
    log = _CURRENT.get()
    if log is None:
        raise UsageError("There is no audit log to write to.", "Use `with recording(log): …`.")
    return log
