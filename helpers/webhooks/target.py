"""The receiver under test: where it is, and whether it may be tried."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from helpers.core.errors import UsageError
from helpers.webhooks.records import Receiver

__all__ = ["Target", "parse_target"]

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """A receiver's address, taken apart. `path` carries the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """True where no request leaves the machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def receiver(self) -> Receiver:
        """The address as it may be told: no port, path or query of it, which may hold a key."""
        return Receiver(scheme=self.scheme, host=self.host, loopback=self.loopback)

    def plain(self) -> Target:
        """The same receiver without TLS, on the port that browsers would try."""
        return Target("http", self.host, 80 if self.port == 443 else self.port, self.path)  # noqa: PLR2004 (https)


def parse_target(url: str) -> Target:
    """Take a receiver's URL apart. Raises UsageError where it is none."""
    try:
        parts = urlsplit(url)
        usual = _PORTS.get(parts.scheme, 0)
        port = (usual if parts.port is None else parts.port) if usual else 0
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        port, host, parts = 0, "", SplitResult("", "", "", "", "")
    if not port or not host or "@" in parts.netloc or not _plain(url):
        raise UsageError(
            "The receiver's address is not an http or https URL without user name and spaces.",
            "Give it as https://host/path, as it stands in the Developer Hub.",
        )
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def _plain(url: str) -> bool:
    """True where the URL can stand in a request line as it is."""
    return all("!" <= character <= "~" for character in url)
