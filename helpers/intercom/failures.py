"""No answer at all: which link of the chain broke, and what to look at."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from helpers.core.errors import UnreachableError

__all__ = ["unreachable"]


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
        return "it took too long", "Try again; a firewall that drops packets looks like this too."
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError)):
        return "the answer broke off", "Try again; if it stays so, look at proxies on the way."
    return f"the connection failed ({type(error).__name__})", "Check the network, then try again."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, each once: a repeated call can make the chain a ring."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__
