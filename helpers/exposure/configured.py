"""The secrets in use, by the fingerprints under which a scan finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from helpers.core.fingerprints import fingerprint
from helpers.exposure.shapes import canonical

if TYPE_CHECKING:
    from helpers.core.settings import Credential
    from helpers.exposure.records import Configured

__all__ = ["configured", "variables"]


def variables(credentials: Iterable[Credential]) -> Mapping[str, str]:
    """The variable that holds each secret, by fingerprint."""
    names: dict[str, str] = {}
    for credential in credentials:
        names.setdefault(_fingerprint(credential), credential.variable)
    return names


def configured(credentials: Iterable[Credential]) -> list[Configured]:
    """The secrets as facts: variable, kind and fingerprint; each once."""
    from helpers.exposure.records import Configured

    facts: dict[str, Configured] = {}
    for credential in credentials:
        mark = _fingerprint(credential)
        facts.setdefault(
            mark, Configured(variable=credential.variable, kind=credential.kind, fingerprint=mark)
        )
    return list(facts.values())


def _fingerprint(credential: Credential) -> str:
    value = credential.value.get_secret_value()
    return fingerprint(credential.kind, canonical(credential.kind, value) or value)
