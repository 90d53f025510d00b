"""`workspaces.toml`: read strictly, and only where the operator put it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import Profile, Settings, Trust, load_settings, state_home
from helpers.core.workspaces import load_workspaces, workspace_named, workspaces, workspaces_file

TWO = """
[shop-eu]
environment = "production"
region = "eu"
app_id = "ab12cd34"
secrets = "environment:SHOP_EU_"
owner = "maya@example.com"

[shop-eu.repositories]
shop = "../shop"

[shop-us]
environment = "staging"
secrets = "env-file:us.env"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "operator" / "workspaces.toml"
    path.parent.mkdir()
    path.write_text(TWO)
    return path


def settings_of(file: Path, name: str, **environ: str) -> Settings:
    return load_settings(load_workspaces(file)[name], file.parent, environ=environ)


def test_an_entry_says_what_a_workspace_is(file: Path) -> None:
    shop = load_workspaces(file)["shop-eu"]
    assert (shop.environment, shop.region, shop.app_id) == (Profile.PRODUCTION, "eu", "ab12cd34")
    assert shop.repositories == {"shop": (file.parent / "../shop").resolve()}
    assert str(shop.secrets) == "environment:SHOP_EU_"
    assert state_home(shop, {"RUNBOOK_STATE_HOME": "/s"}) == Path("/s/shop-eu")


def test_the_file_is_the_named_one_else_that_of_the_configuration_folder(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "intercom-runbook"
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert workspaces_file(environ) is None
    assert workspaces(environ) == {}
    folder.mkdir(parents=True)
    (folder / "workspaces.toml").write_text(TWO)
    assert set(workspaces(environ)) == {"shop-eu", "shop-us"}
    with pytest.raises(UsageError, match="There is no file"):
        workspaces_file({**environ, "RUNBOOK_WORKSPACES": str(tmp_path / "other.toml")})


def test_a_file_in_the_folder_one_stands_in_is_not_used(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    assert workspaces({"XDG_CONFIG_HOME": str(file.parent / "none")}) == {}


def test_profiles_need_no_file_and_an_unknown_name_lists_all(file: Path) -> None:
    environ = {"RUNBOOK_WORKSPACES": str(file)}
    assert workspace_named("production", {}).environment is Profile.PRODUCTION
    with pytest.raises(UsageError) as refused:
        workspace_named("shop-de", environ)
    assert "sandbox, development, staging, production, shop-eu, shop-us" in refused.value.advice


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('[shop]\nregion = "eu"\n', 1, "development"),
        ('[shop]\nenvironment = "prod"\n', 2, '"production"'),
        ('[shop]\nenvironment = "staging"\nregion = "de"\n', 3, '"eu"'),
        ('[shop]\nenvironment = "staging"\ntoken = "x"\n', 3, "one of the keys"),
        ('[shop]\nenvironment = "staging"\nsecrets = "env:.env"\n', 3, "env-file:"),
        ('[shop]\nenvironment = "staging"\nsecrets = "environment:shop"\n', 3, "SHOP_"),
        ('[shop]\nenvironment = "staging"\napp_id = 7\n', 3, "ab12cd34"),
        ('[shop]\nenvironment = "staging"\nbase_url = "ftp://x"\n', 3, "https://"),
        ('[shop]\nenvironment = "staging"\nbase_url = "https://a:b@x"\n', 3, "https://"),
        ('[a]\nenvironment = "staging"\n\n[production]\nenvironment = "staging"\n', 4, "none of"),
        ('[a]\nenvironment = "staging"\n\n[Shop]\nenvironment = "staging"\n', 4, "lower-case"),
        ("shop = 1\n", 1, "a table"),
        ('[a]\nenvironment = "staging"\n[b]\nenvironment = "staging"\nstate = "a"\n', 5, "another"),
    ],
)
def test_what_can_t_be_used_is_named_with_its_line_and_an_example(
    tmp_path: Path, text: str, line: int, expected: str
) -> None:
    path = tmp_path / "workspaces.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_workspaces(path)
    assert f"line {line}:" in refused.value.message
    assert expected in refused.value.advice


@given(st.binary(max_size=200))
def test_no_content_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(content)
    with suppress(ConfigurationError):
        load_workspaces(path)


def test_the_secrets_of_a_workspace_come_from_its_source_alone(file: Path) -> None:
    """What is exported for another one never reaches it."""
    settings = settings_of(
        file,
        "shop-eu",
        INTERCOM_ACCESS_TOKEN="another",
        INTERCOM_BASE_URL="https://evil.example.com",
        SHOP_EU_INTERCOM_CLIENT_SECRET="mine",
    )
    assert settings.credential("INTERCOM_ACCESS_TOKEN") is None
    secret = settings.credential("INTERCOM_CLIENT_SECRET")
    assert secret
    assert secret.value.get_secret_value() == "mine"
    assert settings.text("INTERCOM_BASE_URL") == ""


def test_the_host_of_a_workspace_is_trusted_as_its_secrets_are(file: Path) -> None:
    settings = settings_of(file, "shop-eu", SHOP_EU_INTERCOM_ACCESS_TOKEN="t")
    assert settings.text("INTERCOM_REGION") == "eu"
    assert settings.trust_of("INTERCOM_REGION") == settings.trust_of("INTERCOM_ACCESS_TOKEN")
    assert settings.trust_of("INTERCOM_REGION") is Trust.OPERATOR


def test_an_env_file_of_the_repository_says_nothing_about_a_workspace_with_a_source(
    file: Path,
) -> None:
    (file.parent / ".env").write_text("INTERCOM_BASE_URL=https://evil.example.com\n")
    (file.parent / ".env.shop-us").write_text("INTERCOM_ACCESS_TOKEN=planted\n")
    (file.parent / "us.env").write_text("INTERCOM_APP_ID=us34us34\n")
    settings = settings_of(file, "shop-us")
    assert settings.text("INTERCOM_APP_ID") == "us34us34"
    assert settings.text("INTERCOM_BASE_URL") == ""
    assert settings.credential("INTERCOM_ACCESS_TOKEN") is None


def test_an_entry_and_its_source_that_disagree_are_refused(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="INTERCOM_APP_ID of shop-eu"):
        settings_of(file, "shop-eu", SHOP_EU_INTERCOM_APP_ID="zz99zz99")


def test_a_source_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no env file .*us\.env"):
        settings_of(file, "shop-us")


def test_a_named_env_file_replaces_the_source(file: Path) -> None:
    other = file.parent / "other.env"
    other.write_text("INTERCOM_ACCESS_TOKEN=named\n")
    workspace = load_workspaces(file)["shop-us"]
    settings = load_settings(workspace, file.parent, env_file=other, environ={})
    found = settings.credential("INTERCOM_ACCESS_TOKEN")
    assert found
    assert found.origin == "other.env"
