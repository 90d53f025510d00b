"""Open the store that a policy names."""

from __future__ import annotations

from pathlib import Path

from helpers.core.errors import ConfigurationError
from helpers.core.settings import Credential, Settings
from helpers.rotation.stores.base import SecretStore

__all__ = ["env_file_of", "open_store"]


def open_store(spec: str, settings: Settings, credential: Credential) -> SecretStore:
    """The store of `env`, `keyring`, `aws:<secret id>` or `vault:<mount>/<path>`.

    Raises ConfigurationError where it can't be used; libraries of extras are imported only here.
    """
    kind, _, place = spec.partition(":")
    variable = _name_there(credential)
    if kind == "env":
        from helpers.rotation.stores.envfile import EnvFileStore

        return EnvFileStore(env_file_of(settings, credential), variable, credential.kind)
    if kind == "keyring":
        from helpers.rotation.stores.oskeyring import KeyringStore

        return KeyringStore(f"intercom-runbook/{settings.profile}", variable, credential.kind)
    if kind == "aws" and place:
        from helpers.rotation.stores.aws import AwsStore

        return AwsStore(place, credential.kind)
    mount, _, path = place.partition("/")
    if kind == "vault" and path:
        from helpers.rotation.stores.vault import VaultStore

        return VaultStore(mount, path, variable, credential.kind)
    raise ConfigurationError(f"There is no store {spec!r}.", "Choices: env, keyring, aws:, vault:.")


def env_file_of(settings: Settings, credential: Credential) -> Path:
    """The file that a credential was read from."""
    origin = credential.origin.partition(" ")[0]
    if origin == "environment":
        raise ConfigurationError(
            f"{credential.variable} comes from the environment, which no program can change.",
            "Unset it and name the env file with --env-file, or choose another store.",
        )
    return settings.env_file or settings.project / origin


def _name_there(credential: Credential) -> str:
    """The variable as the file calls it, which may be an older name."""
    _, bracket, alias = credential.origin.partition(" (")
    return alias.rstrip(")") if bracket else credential.variable
