"""The receiver under test: its address, the headers it needs, and the variable with its secret."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from helpers.core.errors import UsageError
from helpers.webhooks.records import Receiver
from helpers.webhooks.signatures import FIN_AGENT

__all__ = ["Target", "parse_headers", "parse_target", "secret_in", "secret_variable"]

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")  # as POSIX has them for programs


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


def parse_headers(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each line taken apart. Raises UsageError where one is none; it may hold a key of its own."""
    return tuple(_header(line) for line in lines)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    token = name.strip()
    plain = token.isascii() and token.replace("-", "").replace("_", "").isalnum()
    if not colon or not plain or not value.strip().isascii() or not value.strip().isprintable():
        raise UsageError(
            "A header is not NAME:VALUE in plain ASCII.", "Write it as 'X-Name: value'."
        )
    return token, value.strip()


def secret_variable(scheme: str) -> str:
    """The variable that holds a scheme's secret."""
    return "FIN_AGENT_WEBHOOK_SECRET" if scheme == FIN_AGENT.name else "INTERCOM_CLIENT_SECRET"


def secret_in(variable: str) -> bytes:
    """The secret in a variable, byte for byte; nothing where it is not set, or blank.

    Raises UsageError for what is no name. It is not repeated: it may be the secret, by mistake.
    """
    if not _NAME.fullmatch(variable):
        raise UsageError(
            "What was given as the name of a variable is none: names have capitals, digits and _.",
            "Put the secret into a variable and name that. If it was the secret itself that you "
            "gave, rotate it: others on this machine can read arguments.",
        )
    value = os.environ.get(variable, "")
    return os.fsencode(value) if value.strip() else b""
