"""The one way out: what may be sent, where to, and what is tried again.

A request that is not on the list, or not for the token's own host, is refused before a packet
leaves. Redirects are answers like any other and are never followed. Tried again are

- 429: up to three times, after the window's reset (`helpers.intercom.pace`);
- 5xx: once, for calls that read (Intercom's own advice is once; a write might act twice);
- a connection that failed: once, for calls that read.

The inner transport is a parameter: live, sandbox and `httpx.MockTransport` are one mechanism.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import httpx

from helpers.core.errors import ForbiddenCallError
from helpers.intercom.calls import Call
from helpers.intercom.pace import Pace, pause_until_reset
from helpers.intercom.regions import is_loopback

__all__ = ["Misuse", "Transport", "live"]

_AGAIN_LIMITED: Final = 3
_AGAIN_FAILED: Final = 1
_SHORT_PAUSE: Final = 0.25  # seconds

Misuse = Callable[[str, str], None]  # told (method, path) of a refused call


class _TryAgainError(Exception):
    """An answer, or a failure, that may be tried again."""

    def __init__(self, request: httpx.Request, came: httpx.Response | httpx.TransportError) -> None:
        super().__init__("try again")
        self.request = request
        self.came = came


class Transport(httpx.BaseTransport):
    """Sends what the list allows to one host, within the rate limit."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        base: httpx.URL,
        allowed: Iterable[Call],
        *,
        misuse: Misuse | None = None,
        pace: Pace | None = None,
        advice: str = "`runbook calls` lists what may be.",
    ) -> None:
        self._advice = advice
        self._inner = inner
        self._base = base
        # the most literal route first: `/admins/activity_logs` is no `/admins/{id}`
        self._allowed = sorted(allowed, key=lambda call: call.route.count("{"))
        self._misuse = misuse
        self.pace = pace or Pace()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it if it may be sent. Raises ForbiddenCallError, httpx.TransportError."""
        call = self._permitted(request)
        request.headers["Accept"] = "application/json"
        if call.version:
            request.headers["Intercom-Version"] = call.version
        try:
            return self._once(request, call)
        except _TryAgainError as first:
            return self._again(request, call, first)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def _permitted(self, request: httpx.Request) -> Call:
        path = self._route(request.url)
        found = next((c for c in self._allowed if path and c.fits(request.method, path)), None)
        if found is None or not found.takes(request.url.params):
            if self._misuse:
                self._misuse(request.method, path or request.url.path)
            raise ForbiddenCallError(
                f"{request.method} {request.url.path} is not a call that may be made here.",
                f"Nothing was sent. {self._advice}",
            )
        return found

    def _route(self, url: httpx.URL) -> str:
        """The raw path below the base, or "" for another host. Raw: escapes stay escapes."""
        if (url.scheme, url.host, url.port) != (
            self._base.scheme,
            self._base.host,
            self._base.port,
        ):
            return ""
        path = url.raw_path.partition(b"?")[0].decode("ascii")
        prefix = self._base.raw_path.decode("ascii").rstrip("/")
        return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else ""

    def _once(self, request: httpx.Request, call: Call) -> httpx.Response:
        self.pace.hold()
        try:
            response = self._inner.handle_request(request)
            response.read()
        except httpx.TransportError as error:
            if not call.reads:
                raise
            raise _TryAgainError(request, error) from error
        self.pace.observe(response)
        limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        if limited or (response.is_server_error and call.reads):
            raise _TryAgainError(request, response)
        return response

    def _again(self, request: httpx.Request, call: Call, first: _TryAgainError) -> httpx.Response:
        """Go on after a first failure; what comes last is what the caller gets."""
        import stamina
        from stamina.instrumentation import set_on_retry_hooks

        set_on_retry_hooks(())  # its default hook writes to standard error

        failure = first
        replayed = False
        rule = _Patience()
        with suppress(_TryAgainError):
            for attempt in stamina.retry_context(on=rule.pause, attempts=_AGAIN_LIMITED + 1):
                with attempt:
                    if not replayed:
                        replayed = True
                        raise first
                    try:
                        return self._once(request, call)
                    except _TryAgainError as error:
                        failure = error
                        raise
        if isinstance(failure.came, httpx.Response):
            return failure.came
        raise failure.came


class _Patience:
    """How long to wait before another try, or not to try again. One of these a request."""

    def __init__(self) -> None:
        self._failed = 0

    def pause(self, error: Exception) -> bool | float:
        """Stamina's question after each failure: False, or seconds."""
        if not isinstance(error, _TryAgainError):
            return False
        came = error.came
        if isinstance(came, httpx.Response) and came.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return pause_until_reset(came)
        self._failed += 1
        return _SHORT_PAUSE if self._failed <= _AGAIN_FAILED else False


def live(base: httpx.URL) -> httpx.BaseTransport:
    """A transport to the network. Loopback needs neither certificates nor a proxy."""
    if is_loopback(base.host):
        return httpx.HTTPTransport(verify=base.scheme == "https")
    from urllib.request import getproxies, proxy_bypass

    proxy = None if proxy_bypass(base.host) else getproxies().get(base.scheme)
    return httpx.HTTPTransport(proxy=proxy)
