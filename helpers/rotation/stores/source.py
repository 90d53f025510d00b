"""Read all secrets of a workspace from the place that `workspaces.toml` names.

Each variable is a secret of its own: in AWS Secrets Manager `<prefix>/<variable>`, in Vault or
OpenBao a field of one document, in the keyring an entry of one service. A rotation stages and
promotes it in the same place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from helpers.core.settings import VARIABLES, SecretSource, Workspace
from helpers.rotation.stores.base import SecretStore, Stage

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["read_stored", "store_of"]


def read_stored(workspace: Workspace) -> Mapping[str, str]:
    """The secrets in a workspace's store, by variable; empty if it names none.

    Raises StoreError where the store can't be read, ConfigurationError where it is not set up.
    """
    source = workspace.secrets
    if source is None or source.local:
        return {}
    found = {
        variable.name: store_of(source, variable.name, variable.kind).read(Stage.CURRENT)
        for variable in VARIABLES
        if variable.secret
    }
    return {name: _plain(value) for name, value in found.items() if value}


def store_of(source: SecretSource, variable: str, kind: str) -> SecretStore:
    """The place of one variable's secret in a source that is a store."""
    if source.kind == "keyring":
        from helpers.rotation.stores.oskeyring import KeyringStore

        return KeyringStore(source.place, variable, kind)
    if source.kind == "aws":
        from helpers.rotation.stores.aws import AwsStore

        return AwsStore(f"{source.place}/{variable}", kind)
    from helpers.rotation.stores.vault import VaultStore

    mount, _, path = source.place.partition("/")
    return VaultStore(mount, path, variable, kind)


def _plain(value: SecretStr) -> str:
    return value.get_secret_value()
