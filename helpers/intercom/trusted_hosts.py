"""Which host may receive a secret.

Two rules. A host is named by the same layer as the secret that goes there, or by a more trusted
one: a repository under audit never chooses where the token of the environment goes. And a host
that is neither Intercom's nor this machine is allowed by name: with `--allow-host`, in
RUNBOOK_ALLOW_HOSTS, or in `$XDG_CONFIG_HOME/intercom-runbook/allow-hosts`, one a line.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from helpers.core.errors import ConfigurationError
from helpers.core.settings import ALLOW_HOSTS, Settings, Trust, read_bounded

__all__ = [
    "HostKind",
    "allowed_hosts",
    "host_kind",
    "is_loopback",
    "refuse_less_trusted",
    "require_allowed",
]

_INTERCOM: Final = ("api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io")


class HostKind(StrEnum):
    """Whose a host is."""

    INTERCOM = "Intercom's"
    LOOPBACK = "this machine"
    ALLOWED = "another host, allowed on this machine"
    FOREIGN = "another host"


def host_kind(host: str, environ: Mapping[str, str] | None = None) -> HostKind:
    """Whose a host is, by its name."""
    name = host.lower().rstrip(".")
    if name in _INTERCOM:
        return HostKind.INTERCOM
    if is_loopback(name):
        return HostKind.LOOPBACK
    return HostKind.ALLOWED if name in allowed_hosts(environ) else HostKind.FOREIGN


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its literal address or as `localhost`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_hosts(environ: Mapping[str, str] | None = None) -> frozenset[str]:
    """The other hosts that this process, or this machine's configuration, allows."""
    environ = os.environ if environ is None else environ
    config = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    file = config / "intercom-runbook" / "allow-hosts"
    listed = read_bounded(file).decode("utf-8", "replace").split() if file.is_file() else []
    named = environ.get(ALLOW_HOSTS, "").split(",")
    return frozenset(name.strip().lower() for name in (*named, *listed) if name.strip())


def require_allowed(host: str, variable: str) -> None:
    """Raise ConfigurationError for a host that nobody on this machine allowed."""
    if host_kind(host) is HostKind.FOREIGN:
        raise ConfigurationError(
            f"{variable} names {host}, which is not Intercom's.",
            f"If it is yours, allow it: --allow-host {host}, or {ALLOW_HOSTS}={host}.",
        )


def refuse_less_trusted(
    settings: Settings, variable: str, secret: str, elsewhere: Trust | None = None
) -> None:
    """Raise ConfigurationError where a host comes from a less trusted layer than the secret.

    `elsewhere` is the layer of a secret that is in none of the settings, but in a store.
    """
    held = settings.trust.get(secret, elsewhere)
    if held is not None and settings.trust_of(variable) < held:
        raise ConfigurationError(
            f"{variable} comes from {settings.origins[variable]}, which is trusted less than "
            f"{settings.origins.get(secret, 'the store')}, which holds {secret}.",
            f"Set {variable} in the same place as {secret}, or in the environment.",
        )
