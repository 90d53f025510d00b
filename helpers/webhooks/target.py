"""The receiver under test: its address, the headers it needs, and the variable with its secret."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from helpers.core.errors import UsageError
from helpers.webhooks.records import ReceiverAddress
from helpers.webhooks.signatures import FIN_AGENT

__all__ = ["Target", "parse_headers", "parse_target", "secret_in", "secret_variable"]

_PORTS: Final = {"http": 80, "https": 443}
_KEY: Final = re.compile(r"(?=[\w.~%+-]*\d)[\w.~%+-]{16,}")  # a part of a path that may be a key
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")  # as POSIX has them for programs


@dataclass(frozen=True)
class Target:
    """A receiver's address. `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """True if no request leaves the machine."""
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
    def receiver(self) -> ReceiverAddress:
        """The address as it may be shown: without port, path and query, which may contain a key."""
        return ReceiverAddress(scheme=self.scheme, host=self.host, loopback=self.loopback)

    @property
    def endpoint(self) -> str:
        """The address with port and path, to distinguish receivers; anything like a key is cut."""
        path = _KEY.sub(lambda found: found[0][:4] + "…", self.path.partition("?")[0])
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{path}"

    def plain(self) -> Target:
        """The same receiver without TLS, on the port that browsers use."""
        return Target("http", self.host, 80 if self.port == 443 else self.port, self.path)  # noqa: PLR2004 (https)


def parse_target(url: str) -> Target:
    """Parse a receiver's URL. Raises UsageError if it is not one."""
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
            "Give it as https://host/path, as the Developer Hub shows it.",
        )
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def _plain(url: str) -> bool:
    """True if the URL can be used in a request line as it is."""
    return all("!" <= character <= "~" for character in url)


def parse_headers(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Parse each line. Raises UsageError without the text, which may contain a key."""
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
    """The secret in a variable, byte for byte; empty if it is not set or blank.

    Raises UsageError for an invalid name, without repeating it: it may be the secret itself.
    """
    if not _NAME.fullmatch(variable):
        raise UsageError(
            "The given name is not a variable name: those have capitals, digits and _.",
            "Put the secret into a variable and give its name. If you gave the secret itself, "
            "rotate it: other users of this machine can read arguments.",
        )
    value = os.environ.get(variable, "")
    return os.fsencode(value) if value.strip() else b""
