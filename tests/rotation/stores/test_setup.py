"""Stores that can't be used as they are set up say so before anything starts; extras stay lazy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from helpers.core.errors import ConfigurationError
from helpers.core.settings import Credential, Profile, load_settings
from helpers.rotation.stores.aws import AwsStore
from helpers.rotation.stores.base import StoreError, StoreSetupError, open_store
from helpers.rotation.stores.oskeyring import KeyringStore
from helpers.rotation.stores.vault import VaultStore
from tests.conftest import HOME
from tests.rotation.stores.conftest import KIND, VARIABLE

keyring = pytest.importorskip("keyring", reason="needs keyring")


def backend(module: str) -> Any:
    return type("Backend", (), {"__module__": module})()


@dataclass
class Chain:
    """As keyring's own, which tries one backend after the other."""

    backends: list[Any] = field(default_factory=list)


SAFE, UNSAFE = backend("keyring.backends.SecretService"), backend("keyrings.alt.file")


@pytest.mark.parametrize(
    "found", [UNSAFE, Chain([SAFE, UNSAFE]), Chain([Chain([UNSAFE])]), Chain([])]
)
def test_a_keyring_that_writes_to_the_disk_is_refused_wherever_it_hides(
    monkeypatch: pytest.MonkeyPatch, found: Any
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    with pytest.raises(StoreSetupError, match="does not protect secrets"):
        KeyringStore("runbook", VARIABLE, KIND).doctor()


@pytest.mark.parametrize("found", [SAFE, Chain([SAFE])])
def test_a_keyring_that_the_system_protects_is_asked_for_the_secret(
    monkeypatch: pytest.MonkeyPatch, found: Any
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    monkeypatch.setattr(keyring, "get_password", lambda *_: None)
    with pytest.raises(StoreSetupError, match="holds nothing"):
        KeyringStore("runbook", VARIABLE, KIND).doctor()


@pytest.mark.parametrize(
    ("package", "spec"), [("keyring", "keyring"), ("boto3", "aws:x"), ("hvac", "vault:secret/x")]
)
def test_a_missing_extra_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, spec: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StoreSetupError, match=f"needs the package {package}") as caught:
        open_store(spec, *profile_of(tmp_path))
    assert "pip install" in caught.value.advice


def test_nothing_of_an_extra_is_imported_before_its_store_is_opened() -> None:
    code = "import sys, helpers.rotation.guide, helpers.rotation.stores.base as c; "
    code += "import helpers.rotation.stores.aws, helpers.rotation.stores.vault; "
    code += "print({'boto3', 'hvac', 'keyring'} & set(sys.modules) or 'none')"
    done = subprocess.run(
        (sys.executable, "-c", code), cwd=HOME, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "none"


@pytest.mark.parametrize("spec", ["paper", "aws:", "vault:secret", ""])
def test_a_store_that_does_not_exist_is_refused(tmp_path: Path, spec: str) -> None:
    with pytest.raises(ConfigurationError, match="There is no store"):
        open_store(spec, *profile_of(tmp_path))


def test_aws_without_a_region_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreSetupError, match="AWS is not set up") as caught:
        open_store("aws:intercom/token", *profile_of(tmp_path))
    assert "AWS_REGION" in caught.value.advice


@pytest.fixture
def aws(aws_endpoint: str) -> Iterator[Any]:
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    client = boto3.client(
        "secretsmanager",
        endpoint_url=aws_endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


def test_a_secret_that_aws_does_not_hold_is_refused(aws: Any) -> None:
    with pytest.raises(StoreSetupError, match="holds no string"):
        AwsStore("nobody/knows", KIND, client=aws).doctor()


def test_vault_says_what_is_missing_or_refused(vault_address: tuple[str, str]) -> None:
    hvac = pytest.importorskip("hvac", reason="needs hvac")
    address, token = vault_address
    known, unknown = (hvac.Client(url=address, token=t) for t in (token, "no-such-token"))
    known.secrets.kv.v2.create_or_update_secret("there", {"OTHER": "1"}, mount_point="secret")
    with pytest.raises(StoreSetupError, match="does not exist"):
        VaultStore("secret", "elsewhere", VARIABLE, KIND, client=known).doctor()
    with pytest.raises(StoreSetupError, match="holds nothing"):
        VaultStore("secret", "there", VARIABLE, KIND, client=known).doctor()
    with pytest.raises(StoreError, match="Forbidden") as caught:
        VaultStore("secret", "there", VARIABLE, KIND, client=unknown).doctor()
    assert "VAULT_TOKEN" in caught.value.advice
    for client in (known, unknown):
        client.adapter.close()


def profile_of(folder: Path) -> tuple[Any, Credential]:
    credential = Credential(VARIABLE, KIND, SecretStr("x" * 40), ".env")
    return load_settings(Profile.STAGING, folder, environ={}), credential
