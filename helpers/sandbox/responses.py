"""What an endpoint returns: a body, or an error in Intercom's `error.list` shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Refusal", "SandboxResponse", "error_response"]


@dataclass
class SandboxResponse:
    """A response. `body` is JSON, or None for an empty one."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a response, not a failure
    """An error response; `field` names the invalid parameter."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.error = {"code": code, "message": message} | ({"field": field} if field else {})
        self.headers = dict(headers or {})


def error_response(refusal: Refusal, request_id: str) -> SandboxResponse:
    """The documented body of an error."""
    body = {"type": "error.list", "request_id": request_id, "errors": [refusal.error]}
    return SandboxResponse(body, refusal.status, refusal.headers)
