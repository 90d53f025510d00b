"""The secrets in use: by fingerprint, as facts, and as rules that find their bytes anywhere.

The rules go to the engine in an unnamed file, in memory where the system supports it: a rule on
disk would be one more copy of the secret. As rules, encoded secrets (base64, UTF-16) are found too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from helpers.core.redaction import fingerprint
from helpers.exposure.secret_kinds import canonical, is_varied

if TYPE_CHECKING:
    from helpers.core.settings import Credential
    from helpers.exposure.records import ConfiguredSecret

__all__ = [
    "CONFIGURED",
    "configured_secrets",
    "rule_files",
    "searchable",
    "variables_by_fingerprint",
]

CONFIGURED: Final = "configured."  # how the ids of their rules begin
_SHORTEST: Final = 16  # characters; shorter values appear in texts by chance


def variables_by_fingerprint(credentials: Iterable[Credential]) -> Mapping[str, str]:
    """Return the variable that holds each secret, by fingerprint."""
    names: dict[str, str] = {}
    for credential in credentials:
        names.setdefault(_fingerprint(credential), credential.variable)
    return names


def configured_secrets(credentials: Iterable[Credential]) -> list[ConfiguredSecret]:
    """Return the secrets as facts: variable, kind and fingerprint; each once."""
    from helpers.exposure.records import ConfiguredSecret

    facts: dict[str, ConfiguredSecret] = {}
    for credential in credentials:
        name = _fingerprint(credential)
        fact = ConfiguredSecret(
            variable=credential.variable, kind=credential.kind, fingerprint=name
        )
        facts.setdefault(name, fact)
    return list(facts.values())


def _fingerprint(credential: Credential) -> str:
    value = credential.value.get_secret_value()
    return fingerprint(credential.kind, canonical(credential.kind, value) or value)


def searchable(credentials: Collection[Credential]) -> list[Credential]:
    """Return the secrets that need a rule: long and random enough, and not known by their shape."""
    return [one for one in credentials if _is_searchable(one)]


def _is_searchable(one: Credential) -> bool:
    value = one.value.get_secret_value()
    token = one.kind == "access_token" and canonical(one.kind, value)
    return not token and len(value) >= _SHORTEST and value.isascii() and is_varied(value)


@contextmanager
def rule_files(credentials: Collection[Credential]) -> Iterator[list[str]]:
    """Write the rules of the secrets to an unnamed file, and return its path while it exists.

    The list is empty if there are no secrets.
    """
    if not credentials:
        yield []
        return
    rules = "".join(_rule(number, one) for number, one in enumerate(credentials))
    with _unnamed_file() as descriptor:
        os.write(descriptor, f"rules:\n{rules}".encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield [f"/dev/fd/{descriptor}"]


def _rule(number: int, one: Credential) -> str:
    pattern = "".join(f"\\x{byte:02x}" for byte in one.value.get_secret_value().encode())
    return (
        f"  - name: secret in {one.variable}\n    id: {CONFIGURED}{one.kind}.{number}\n"
        f"    pattern: '({pattern})'\n    min_entropy: 0.0\n    confidence: high\n"
    )


@contextmanager
def _unnamed_file() -> Iterator[int]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rules")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:  # pragma: no cover (not on Linux)
        with tempfile.TemporaryFile() as file:
            yield file.fileno()
