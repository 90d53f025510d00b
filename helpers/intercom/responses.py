"""What an answer of Intercom means, and what it means when there is none.

Error bodies are `{"type": "error.list", "request_id", "errors": [{"code", "message"}]}`. The code
decides, never the status alone: a missing scope comes as 401 `token_unauthorized` or as 403
`forbidden`, and both statuses have other meanings too.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from helpers.core.errors import IntercomError, UnreachableError, UnreadableAnswerError

__all__ = [
    "ApiResponse",
    "advice_for",
    "broken_off",
    "date_of",
    "other_version",
    "unreachable",
]

_LONGEST: Final = 64  # characters of a code or an id
_WORD: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.:-]{{0,{_LONGEST - 1}}}")
_VERSION: Final = re.compile(r"\d{1,3}\.\d{1,3}|Preview|Unstable")
_OK: Final = range(200, 300)
_MESSAGE: Final = 1000  # characters
_DEAD: Final = frozenset(
    {"unauthorized", "token_not_found", "token_revoked", "token_blocked", "token_expired"}
)
_ADVICE: Final[Mapping[str, str]] = {
    "token_unauthorized": "The token lacks a scope: tick it under Configure > Authentication.",
    "forbidden": "The token lacks a scope, or this address is not on the IP allowlist.",
    "api_plan_restricted": "The workspace's plan does not include this; nothing to fix here.",
    "token_suspended": "The app is suspended: ask in the Developer Hub.",
    "missing_authorization": "No token arrived: does a proxy remove the Authorization header?",
    "intercom_version_invalid": "This API version does not know the call: set another version.",
    "rate_limit_exceeded": "The workspace's rate limit is used up: wait a minute and try again.",
}


@dataclass(frozen=True)
class ApiResponse:
    """One answer: status, error code ("" where there is none), request id, JSON body.

    `defect` says in words why the body is not JSON within the limits; then `body` is None.
    """

    call: str
    status: int
    code: str = ""
    message: str = field(default="", repr=False)
    request_id: str = ""
    body: Any = field(default=None, repr=False)
    date: datetime | None = None  # the server's clock, from the header `Date`
    defect: str = ""

    @classmethod
    def of(
        cls,
        call: str,
        status: int,
        body: Any,
        request_id: str,
        *,
        date: datetime | None = None,
        defect: str = "",
    ) -> ApiResponse:
        """Read an answer's body; a body of another shape simply has no code."""
        errors = body.get("errors") if isinstance(body, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else {}
        first = first if isinstance(first, dict) else {}
        inner = body.get("request_id") if isinstance(body, dict) else None
        return cls(
            call=call,
            status=status,
            code=_word(first.get("code")),
            message=_text(first.get("message")),
            request_id=_word(inner or request_id),
            body=body,
            date=date,
            defect=defect,
        )

    @property
    def ok(self) -> bool:
        """True for a 2xx."""
        return self.status in _OK

    @property
    def is_intercoms(self) -> bool:
        """Whether a good answer has the form of Intercom's: an object with a type, no error.

        The confirmation of a deletion has an `object` instead of a type.
        """
        body = self.body
        if not self.ok or not isinstance(body, dict):
            return False
        if self.call.startswith("DELETE ") and body.get("deleted") is True:
            return isinstance(body.get("object"), str)
        return bool(body.get("type", "error.list") != "error.list")

    def json(self) -> dict[str, Any]:
        """The body of a good answer.

        Raises IntercomError for any other, and UnreadableAnswerError for one without an object.
        """
        if not self.ok:
            raise self.error()
        if not isinstance(self.body, dict) or self.body.get("type") == "error.list":
            raise self.unreadable()
        return self.body

    def unreadable(self) -> UnreadableAnswerError:
        """What is wrong with a good answer that is not Intercom's."""
        return UnreadableAnswerError(self.call, self.defect or "not an object of Intercom's")

    def error(self) -> IntercomError:
        """What went wrong, as an error with advice. Intercom's own message is not repeated."""
        code = self.code or "no code"
        return IntercomError(
            f"{self.call} was answered {self.status} ({code}).",
            advice_for(self.status, self.code),
            status=self.status,
            code=self.code,
            call=self.call,
            request_id=self.request_id,
        )


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The time in the header `Date`, UTC; None where there is none that can be read."""
    try:
        moment = parsedate_to_datetime(headers["Date"])
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (KeyError, ValueError, OverflowError):
        return None


def other_version(response: httpx.Response) -> str:
    """Why an answer is not of the version that was asked for; "" where it does not say otherwise.

    Intercom documents no header of an answer that names its version. One that has the request's
    own header, `Intercom-Version`, with another value is not the answer to this request.
    """
    said = response.headers.get("Intercom-Version", "").strip()
    asked = response.request.headers.get("Intercom-Version", "")
    if not said or said == asked:
        return ""
    shown = said if _VERSION.fullmatch(said) else "an unreadable one"
    return f"an answer of version {shown} where {asked} was asked for (`Intercom-Version`)"


def _word(value: Any) -> str:
    """A code or an id as the API writes them; anything else is not repeated."""
    text = str(value)[: _LONGEST + 1] if isinstance(value, (str, int)) else ""
    return text if _WORD.fullmatch(text) else "unreadable" if text else ""


def _text(value: Any) -> str:
    """A text of an answer, bounded and printable; "" for anything else."""
    found = value[:_MESSAGE] if isinstance(value, str) else ""
    return found.encode("utf-8", "replace").decode()


def advice_for(status: int, code: str) -> str:
    """What to do about an error of Intercom."""
    if code in _DEAD:
        return "Intercom does not know this token: is it whole, and of this region and workspace?"
    if code in _ADVICE:
        return _ADVICE[code]
    if status in range(300, 400):
        return "A redirect; the token follows none. Is INTERCOM_BASE_URL the API's own host?"
    if status >= 500:  # noqa: PLR2004 (server errors)
        return "Intercom has a problem: check www.intercomstatus.com and try again."
    return "Search Intercom's list of error codes, and quote the request id to their support."


def broken_off(call: str) -> UnreachableError:
    """Half an answer is none: a connection that broke off may look like this."""
    return UnreachableError(
        f"{call} was answered with something that is not whole JSON.",
        "Is INTERCOM_BASE_URL the API's own host? If so, try again.",
    )


def unreachable(call: str, error: httpx.TransportError) -> UnreachableError:
    """Say why there was no answer: name, refusal, TLS, time-out, or half an answer."""
    what, advice = _diagnosis(error)
    return UnreachableError(f"{call} had no answer: {what}.", advice)


def _diagnosis(error: httpx.TransportError) -> tuple[str, str]:
    causes = tuple(_chain(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (
            "the host's name can't be resolved",
            "Check the network, INTERCOM_REGION and INTERCOM_BASE_URL.",
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            "the TLS connection failed",
            "A proxy that opens TLS needs its certificate in SSL_CERT_FILE.",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "the connection was refused", "Is something listening at INTERCOM_BASE_URL?"
    if isinstance(error, httpx.TimeoutException):
        return "it took too long", "Try again; a firewall that drops packets has the same effect."
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError)):
        return "the answer broke off", "Try again; if it persists, check the proxies in between."
    return f"the connection failed ({type(error).__name__})", "Check the network, then try again."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, each once: a repeated call can make the chain a ring."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__
