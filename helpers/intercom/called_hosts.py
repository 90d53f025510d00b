"""The hosts that a secret was sent to by this process, reported before the first packet.

A command line sets `CALLED.report`, so that a person sees where a secret goes, whichever command
sends it. This room itself prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from helpers.intercom.trusted_hosts import host_kind, is_loopback

if TYPE_CHECKING:
    import httpx

__all__ = ["CALLED", "named_host"]


class _CalledHosts:
    """Calls `report` once for each host, with its name and whose it is."""

    def __init__(self) -> None:
        self.report: Callable[[str], None] | None = None
        self._seen: set[str] = set()

    def note(self, base: httpx.URL) -> None:
        """Report a host that has not been called yet."""
        if self.report is None or (name := named_host(base)) in self._seen:
            return
        self._seen.add(name)
        self.report(name)


CALLED: Final = _CalledHosts()


def named_host(url: httpx.URL) -> str:
    """A host and whose it is. On this machine the port says which program answers."""
    port = f":{url.port}" if url.port and is_loopback(url.host) else ""
    return f"{url.host}{port} ({host_kind(url.host).value})"
