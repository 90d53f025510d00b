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
from time import sleep
from typing import Final

import httpx

from helpers.core.errors import ForbiddenCallError
from helpers.core.policy import Limits
from helpers.intercom.bounds import (
    call_bounds,
    limit_reads,
    out_of_time,
    read_bounded,
    seconds_left,
)
from helpers.intercom.called_hosts import CALLED
from helpers.intercom.calls import Call
from helpers.intercom.pace import Pace, pause_until_reset
from helpers.intercom.trusted_hosts import is_loopback

__all__ = ["RefusalHook", "Transport", "live"]

_RETRIES: Final = 3  # in all; a failure, other than a used-up rate limit, is retried once
_SHORT_PAUSE: Final = 0.25  # seconds

RefusalHook = Callable[[str, str], None]  # called with method and path of a refused call


class Transport(httpx.BaseTransport):
    """Sends what the list allows to one host, within the rate limit."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        base: httpx.URL,
        allowed: Iterable[Call],
        *,
        misuse: RefusalHook | None = None,
        pace: Pace | None = None,
        advice: str = "`runbook calls` lists what may be.",
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
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
        request.headers["Accept-Encoding"] = "gzip"
        if call.version:
            request.headers["Intercom-Version"] = call.version
        with call_bounds(self._limits):
            return self._send(request, call)

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

    def _send(self, request: httpx.Request, call: Call) -> httpx.Response:
        """Send, and retry as the module says; what came last is what the caller gets."""
        failed = False
        for _ in range(_RETRIES):
            try:
                response = self._attempt(request, call)
            except httpx.TransportError:
                if seconds_left() <= 0:
                    raise out_of_time(call.name, self._limits) from None
                if failed or not call.reads:
                    raise
                failed, pause = True, _SHORT_PAUSE
            else:
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    pause = pause_until_reset(response)
                elif failed or not (response.is_server_error and call.reads):
                    return response
                else:
                    failed, pause = True, _SHORT_PAUSE
            if pause > seconds_left():
                raise out_of_time(call.name, self._limits)
            sleep(pause)
        return self._attempt(request, call)

    def _attempt(self, request: httpx.Request, call: Call) -> httpx.Response:
        CALLED.note(self._base)
        self.pace.hold(seconds_left())
        if seconds_left() <= 0:
            raise out_of_time(call.name, self._limits)
        response = self._inner.handle_request(request)
        response = read_bounded(response, call.name, self._limits)
        self.pace.observe(response)
        return response


def live(base: httpx.URL) -> httpx.BaseTransport:
    """A transport to the network. Loopback needs neither certificates nor a proxy."""
    if is_loopback(base.host):
        return limit_reads(httpx.HTTPTransport(verify=base.scheme == "https"))
    from urllib.request import getproxies, proxy_bypass

    proxy = None if proxy_bypass(base.host) else getproxies().get(base.scheme)
    return limit_reads(httpx.HTTPTransport(proxy=proxy))
