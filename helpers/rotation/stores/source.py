"""Read all secrets of a workspace from the place that `workspaces.toml` names.

Each variable is a secret of its own: in AWS Secrets Manager `<prefix>/<variable>`, in Vault or
OpenBao a field of one document, in the keyring an entry of one service. A rotation stages and
promotes it in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from helpers.core.settings import VARIABLES, SecretSource, Workspace
from helpers.rotation.stores.base import SecretStore, Stage

__all__ = ["read_stored", "store_of"]


def read_stored(workspace: Workspace) -> Mapping[str, str]:
    """The secrets in a workspace's store, by variable; empty if it names none.

    Raises StoreError where the store can't be read, ConfigurationError where it is not set up.
    """
    source = workspace.secrets
    if source is None or source.local:
        return {}
    with _connected(source) as client:
        found = {
            variable.name: store_of(source, variable.name, variable.kind, client).read(
                Stage.CURRENT
            )
            for variable in VARIABLES
            if variable.secret
        }
    return {name: value.get_secret_value() for name, value in found.items() if value}


@contextmanager
def _connected(source: SecretSource) -> Iterator[Any]:
    """One connection for all secrets of a source; None for the keyring, which needs none."""
    if source.kind == "aws":
        from helpers.rotation.stores import aws

        with closing(aws.connect()) as client:
            yield client
    elif source.kind == "vault":
        from helpers.rotation.stores import vault

        client = vault.connect()
        with closing(client.adapter):
            yield client
    else:
        yield None


def store_of(source: SecretSource, variable: str, kind: str, client: Any = None) -> SecretStore:
    """The place of one variable's secret in a source that is a store."""
    if source.kind == "keyring":
        from helpers.rotation.stores.oskeyring import KeyringStore

        return KeyringStore(source.place, variable, kind)
    if source.kind == "aws":
        from helpers.rotation.stores.aws import AwsStore

        return AwsStore(f"{source.place}/{variable}", kind, client=client)
    from helpers.rotation.stores.vault import VaultStore

    mount, _, path = source.place.partition("/")
    return VaultStore(mount, path, variable, kind, client=client)
