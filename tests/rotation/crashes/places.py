"""Where a key is kept while it is rotated: one of the four stores, opened anew by each process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.rotation.stores.base import SecretStore
from helpers.rotation.stores.envfile import EnvFileStore

VARIABLE = "INTERCOM_UNDER_TEST"
SERVERS = json.loads(os.environ.get("RUNBOOK_CRASH_SERVERS", "{}"))  # addresses, made-up tokens


@dataclass
class Place:
    """`open` gives the store, `rest` what lies in it beside the key, which must not change."""

    open: Callable[[], SecretStore]
    rest: Callable[[], Any]


def place_of(store: str, name: str, kind: str, value: str, folder: Path) -> Place:
    makers = {"env": _env, "keyring": _keyring, "aws": _aws, "vault": _vault}
    return makers[store](name, kind, value, folder)


def _env(name: str, kind: str, value: str, folder: Path) -> Place:
    path = folder / ".env"
    path.write_text(f"# ours\n{VARIABLE}={value}\nA=1\n")

    def rest() -> Any:
        held = path.read_text().replace(next(v for v in _values(path)), "…")
        return held, sorted(found.name for found in folder.iterdir())

    return Place(lambda: EnvFileStore(path, VARIABLE, kind), rest)


def _values(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(VARIABLE)]


def _keyring(name: str, kind: str, value: str, folder: Path) -> Place:
    import keyring
    from keyring.backends.SecretService import Keyring

    from helpers.rotation.stores.oskeyring import KeyringStore

    keyring.set_keyring(Keyring())
    keyring.set_password(name, VARIABLE, value)
    keyring.set_password(name, "OTHER", "1")
    return Place(
        lambda: KeyringStore(name, VARIABLE, kind), lambda: keyring.get_password(name, "OTHER")
    )


def _aws(name: str, kind: str, value: str, folder: Path) -> Place:
    from helpers.rotation.stores.aws import AwsStore

    _aws_client().create_secret(Name=name, SecretString=value)

    def labels() -> Any:
        found = _aws_client().describe_secret(SecretId=name)["VersionIdsToStages"]
        return sorted(label for stages in found.values() for label in stages)

    return Place(lambda: AwsStore(name, kind, client=_aws_client()), labels)


def _aws_client() -> Any:
    """A client of its own: a forked child must not share its parent's connections."""
    import boto3

    return boto3.client(
        "secretsmanager",
        endpoint_url=SERVERS["aws"],
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def _vault(name: str, kind: str, value: str, folder: Path) -> Place:
    import hvac

    from helpers.rotation.stores.vault import VaultStore

    def client() -> Any:
        address, token = SERVERS["vault"]
        return hvac.Client(url=address, token=token)

    def fields() -> Any:
        found = client().secrets.kv.v2.read_secret_version(
            name, mount_point="secret", raise_on_deleted_version=True
        )
        return {k: v for k, v in found["data"]["data"].items() if k != VARIABLE}

    client().secrets.kv.v2.create_or_update_secret(
        name, {VARIABLE: value, "OTHER": "1"}, mount_point="secret"
    )
    return Place(lambda: VaultStore("secret", name, VARIABLE, kind, client=client()), fields)
