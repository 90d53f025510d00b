"""What every store of secrets can do, the errors it can raise, and which store a policy names.

Stages: CURRENT is what consumers read; PENDING is a new secret that nobody uses yet; PREVIOUS is
what CURRENT was before the last promotion. Each operation may be repeated after a crash: it reads
first, changes only what is left to change, and ends in the same place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from helpers.core.errors import ConfigurationError, RunbookError
from helpers.core.model import fingerprint
from helpers.core.settings import Credential, Settings

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "SAFE_VALUE",
    "Capabilities",
    "ConflictError",
    "SecretStore",
    "Stage",
    "StoreError",
    "StoreSetupError",
    "env_file_of",
    "expect",
    "matches",
    "open_store",
]


SAFE_VALUE: Final = re.compile(r"[A-Za-z0-9+/=_.:~-]+")  # needs no quoting in any store


class Stage(StrEnum):
    """Which of a secret's values."""

    CURRENT = "current"
    PENDING = "pending"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class Capabilities:
    """What a store can do by itself. The runbook's own lock covers the rest."""

    compare_and_swap: bool  # a promotion fails if another writer was faster
    versions: bool  # it keeps older values by itself

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a person should know before a rotation, in sentences."""
        alone = "This store does not detect other writers: keep them away during the rotation."
        kept = "This store keeps older versions by itself, including the old key."
        return ((alone,) if not self.compare_and_swap else ()) + ((kept,) if self.versions else ())


class StoreError(RunbookError):
    """The store failed: nothing was changed, or the message says what was."""


class ConflictError(StoreError):
    """The store does not hold the expected value: someone else changed it."""


class StoreSetupError(ConfigurationError, StoreError):
    """The store is not set up so that it can be used."""


class SecretStore(Protocol):
    """One secret in one store. Fingerprints are those of `helpers.core.model.fingerprint`."""

    capabilities: Capabilities

    @property
    def label(self) -> str:
        """Where the secret is, in words for people. Contains no secret."""
        ...

    def doctor(self) -> None:
        """Check that a rotation can work here. Raises StoreError before anything starts."""
        ...

    def read(self, stage: Stage) -> SecretStr | None:
        """The value of a stage, if there is one. Raises StoreError."""
        ...

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Store a new secret durably as PENDING. Replaces one of the same rotation only."""
        ...

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """PREVIOUS := CURRENT, CURRENT := PENDING; raises ConflictError where either differs."""
        ...

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """CURRENT := PREVIOUS; raises ConflictError where either differs."""
        ...

    def discard(self, stage: Stage) -> None:
        """Delete PENDING or PREVIOUS, if it is there. CURRENT is refused (ValueError)."""
        ...


def matches(kind: str, value: SecretStr | None, expected: str) -> bool:
    """Whether a value is there and has this fingerprint."""
    return value is not None and fingerprint(kind, value.get_secret_value()) == expected


def expect(kind: str, value: SecretStr | None, expected: str, where: str) -> SecretStr:
    """The value, which must have this fingerprint. Raises ConflictError."""
    if value is None or not matches(kind, value, expected):
        raise ConflictError(
            f"{where} does not hold the value with fingerprint {expected} where it was expected.",
            "Someone else changed it. Find out who before you resume.",
        )
    return value


def open_store(spec: str, settings: Settings, credential: Credential) -> SecretStore:
    """The store of `env`, `keyring`, `aws:<secret id>` or `vault:<mount>/<path>`.

    `env`, the policy's default, means the store that the workspace names, if it names one. Raises
    ConfigurationError where it can't be used. Optional libraries are imported only here.
    """
    kind, _, place = spec.partition(":")
    variable = _name_in_file(credential)
    source = settings.workspace.secrets
    if kind == "env" and source and not source.local and not settings.env_file:
        from helpers.rotation.stores.source import store_of

        return store_of(source, credential.variable, credential.kind)
    if kind == "env":
        from helpers.rotation.stores.envfile import EnvFileStore

        return EnvFileStore(env_file_of(settings, credential), variable, credential.kind)
    if kind == "keyring":
        from helpers.rotation.stores.oskeyring import KeyringStore

        return KeyringStore(_service(settings), variable, credential.kind)
    if kind == "aws" and place:
        from helpers.rotation.stores.aws import AwsStore

        return AwsStore(place, credential.kind)
    mount, _, path = place.partition("/")
    if kind == "vault" and path:
        from helpers.rotation.stores.vault import VaultStore

        return VaultStore(mount, path, variable, credential.kind)
    raise ConfigurationError(
        f"There is no store {spec!r}.", "Choose env, keyring, aws:… or vault:…."
    )


def env_file_of(settings: Settings, credential: Credential) -> Path:
    """The file that a credential was read from."""
    origin = credential.origin.partition(" ")[0]
    source = settings.workspace.secrets
    if settings.env_file is None and source and source.kind == "env-file":
        return Path(source.place)
    if origin == "environment" or (source and not settings.env_file):
        raise ConfigurationError(
            f"{credential.variable} comes from the environment, which no program can change.",
            "Unset it and name the env file with --env-file, or choose another store.",
        )
    return settings.env_file or settings.project / origin


def _service(settings: Settings) -> str:
    """The keyring's service: the one that workspaces.toml names, or that of the name."""
    source = settings.workspace.secrets
    return (
        source.place if source and source.kind == "keyring" else f"intercom-runbook/{settings.name}"
    )


def _name_in_file(credential: Credential) -> str:
    """The variable's name in the file, which may be an older one."""
    _, bracket, alias = credential.origin.partition(" (")
    return alias.rstrip(")") if bracket else credential.variable
