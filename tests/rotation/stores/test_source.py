"""The secrets of a workspace come from the store that workspaces.toml names, and stay in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.core.errors import ConfigurationError
from helpers.core.settings import Settings, Workspace, load_settings
from helpers.core.workspaces import load_workspaces
from helpers.rotation.stores.base import Stage, StoreError, open_store
from helpers.rotation.stores.source import read_stored
from tests.rotation.stores.conftest import fresh


def workspace(folder: Path, secrets: str) -> Workspace:
    file = folder / "workspaces.toml"
    file.write_text(f'[shop]\nenvironment = "staging"\nregion = "eu"\nsecrets = "{secrets}"\n')
    return load_workspaces(file)["shop"]


def settings_of(shop: Workspace, folder: Path) -> Settings:
    return load_settings(shop, folder, environ={}, stored=read_stored(shop))


def held(settings: Settings) -> dict[str, str]:
    return {one.variable: one.value.get_secret_value() for one in settings.credentials()}


@pytest.fixture
def vault(vault_address: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    hvac = pytest.importorskip("hvac", reason="needs hvac")
    address, token = vault_address
    monkeypatch.setenv("VAULT_ADDR", address)
    monkeypatch.setenv("VAULT_TOKEN", token)
    client = hvac.Client(url=address, token=token)
    yield client
    client.adapter.close()


@pytest.fixture
def aws(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    for name, value in (
        ("AWS_ENDPOINT_URL", aws_endpoint),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("secretsmanager")
    yield client
    client.close()


def test_vault_holds_all_secrets_in_one_document(vault: Any, tmp_path: Path) -> None:
    token, secret = fresh(), fresh()
    document = {"INTERCOM_ACCESS_TOKEN": token, "INTERCOM_CLIENT_SECRET": secret, "OTHER": "1"}
    vault.secrets.kv.v2.create_or_update_secret("shop-1", document, mount_point="secret")
    settings = settings_of(workspace(tmp_path, "vault:secret/shop-1"), tmp_path)
    assert held(settings) == {"INTERCOM_ACCESS_TOKEN": token, "INTERCOM_CLIENT_SECRET": secret}
    assert settings.origins["INTERCOM_ACCESS_TOKEN"] == "vault:secret/shop-1"
    assert settings.trust_of("INTERCOM_REGION") == settings.trust_of("INTERCOM_ACCESS_TOKEN")


def test_aws_holds_each_secret_under_the_prefix(aws: Any, tmp_path: Path) -> None:
    token = fresh()
    aws.create_secret(Name="shop-2/INTERCOM_ACCESS_TOKEN", SecretString=token)
    aws.create_secret(Name="shop-3/INTERCOM_CLIENT_SECRET", SecretString=fresh())
    settings = settings_of(workspace(tmp_path, "aws:shop-2"), tmp_path)
    assert held(settings) == {"INTERCOM_ACCESS_TOKEN": token}


@pytest.mark.usefixtures("session_bus")
def test_the_keyring_holds_them_under_the_workspaces_service(tmp_path: Path) -> None:
    keyring = pytest.importorskip("keyring", reason="needs keyring")
    token = fresh()
    keyring.set_password("intercom-runbook/shop", "INTERCOM_ACCESS_TOKEN", token)
    assert held(settings_of(workspace(tmp_path, "keyring"), tmp_path)) == {
        "INTERCOM_ACCESS_TOKEN": token
    }


def test_a_rotation_stages_in_the_store_that_the_workspace_names(aws: Any, tmp_path: Path) -> None:
    token = fresh()
    aws.create_secret(Name="shop-4/INTERCOM_ACCESS_TOKEN", SecretString=token)
    settings = settings_of(workspace(tmp_path, "aws:shop-4"), tmp_path)
    credential = settings.credential("INTERCOM_ACCESS_TOKEN")
    assert credential
    store: Any = open_store("env", settings, credential)
    value = store.read(Stage.CURRENT)
    store._client.close()
    assert value
    assert value.get_secret_value() == token
    assert "shop-4/INTERCOM_ACCESS_TOKEN" in store.label


def test_a_store_that_refuses_is_named_and_its_secrets_are_not(vault: Any, tmp_path: Path) -> None:
    with pytest.raises((StoreError, ConfigurationError)) as refused:
        read_stored(workspace(tmp_path, "vault:secret/nothing-here"))
    assert "secret/nothing-here" in refused.value.message
