from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.model import fingerprint
from helpers.core.policy_file import load_policy
from helpers.core.settings import (
    VARIABLES,
    Profile,
    Settings,
    load_settings,
    read_bounded,
    state_home,
)
from helpers.core.waivers import load_waivers
from helpers.core.workspaces import workspace_named
from tests.conftest import HOME


def load(folder: Path, profile: Profile = Profile.PRODUCTION, **environ: str):
    return load_settings(profile, folder, environ=environ)


def value(settings: Settings, name: str) -> str:
    return settings.values[name].get_secret_value()


def test_environment_wins_over_profile_file_over_env_file(tmp_path: Path):
    (tmp_path / ".env").write_text(
        "INTERCOM_REGION=us\nINTERCOM_APP_ID=a\nINTERCOM_WEBHOOK_URL=e\n"
    )
    (tmp_path / ".env.production").write_text("INTERCOM_REGION=eu\nINTERCOM_APP_ID=b\n")
    settings = load(tmp_path, INTERCOM_REGION="au")
    assert [value(settings, n) for n in ("INTERCOM_REGION", "INTERCOM_APP_ID")] == ["au", "b"]
    assert settings.origins == {
        "INTERCOM_REGION": "environment",
        "INTERCOM_APP_ID": ".env.production",
        "INTERCOM_WEBHOOK_URL": ".env",
    }


def test_named_env_file_stands_in_place_of_both(tmp_path: Path):
    (tmp_path / ".env").write_text("INTERCOM_APP_ID=a\n")
    (tmp_path / "own").write_text("INTERCOM_REGION=eu\n")
    settings = load_settings(Profile.PRODUCTION, tmp_path, env_file=tmp_path / "own", environ={})
    assert set(settings.values) == {"INTERCOM_REGION"}


def test_empty_value_does_not_hide_the_next_source(tmp_path: Path):
    (tmp_path / ".env").write_text("INTERCOM_APP_ID=a\n")
    assert load(tmp_path, INTERCOM_APP_ID="").text("INTERCOM_APP_ID") == "a"


@pytest.mark.parametrize(
    ("old", "new"),
    [("INTERCOM_API_KEY", "INTERCOM_ACCESS_TOKEN"), ("INTERCOM_SECRET", "INTERCOM_CLIENT_SECRET")],
)
def test_older_names_are_accepted_and_told(tmp_path: Path, old: str, new: str):
    settings = load(tmp_path, Profile.PRODUCTION, **{old: "made-up-value"})
    credential = settings.credential(new)
    assert credential is not None
    assert credential.origin == f"environment ({old})"


def test_secrets_never_show_in_a_repr(tmp_path: Path):
    settings = load(tmp_path, INTERCOM_ACCESS_TOKEN="made-up-token-value")
    shown = repr(settings) + repr(list(settings.credentials())) + str(settings)
    assert "made-up-token-value" not in shown


def test_reading_a_secret_as_text_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="INTERCOM_ACCESS_TOKEN is a secret"):
        load(tmp_path).text("INTERCOM_ACCESS_TOKEN")


def test_same_value_has_another_fingerprint_for_another_kind(tmp_path: Path):
    settings = load(
        tmp_path, INTERCOM_ACCESS_TOKEN="same-value", INTERCOM_CLIENT_SECRET="same-value"
    )
    prints = {credential.fingerprint for credential in settings.credentials()}
    assert prints == {
        fingerprint("access_token", "same-value"),
        fingerprint("client_secret", "same-value"),
    }
    assert len(prints) == 2


def test_line_that_is_no_assignment_is_named(tmp_path: Path):
    (tmp_path / ".env").write_text("INTERCOM_REGION=us\nthis is not it\n")
    with pytest.raises(ConfigurationError, match=r"\.env, line 2 is not NAME=value"):
        load(tmp_path)


def test_env_file_with_byte_order_mark_and_crlf_is_read(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfINTERCOM_REGION=eu\r\nINTERCOM_APP_ID=a\r\n")
    settings = load(tmp_path)
    assert (settings.text("INTERCOM_REGION"), settings.text("INTERCOM_APP_ID")) == ("eu", "a")


def test_binary_env_file_is_a_clear_error(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(tmp_path)


def test_absent_named_env_file_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no env file"):
        load_settings(Profile.PRODUCTION, tmp_path, env_file=tmp_path / "nowhere", environ={})


def test_unknown_profile_names_those_that_exist():
    with pytest.raises(UsageError, match="sandbox, development, staging, production"):
        workspace_named("prod", {})


def test_state_lies_where_the_variables_say(tmp_path: Path):
    assert state_home(Profile.STAGING, {"RUNBOOK_STATE_HOME": "/s"}) == Path("/s/staging")
    assert state_home(Profile.STAGING, {"XDG_STATE_HOME": "/x"}) == Path(
        "/x/intercom-runbook/staging"
    )


def test_env_example_lists_every_variable_and_no_value():
    from helpers.environment.setup import example_text

    text = (HOME / ".env.example").read_text()
    assert text == example_text()
    assert all(f"\n{variable.name}=\n" in text for variable in VARIABLES)


def test_secret_str_is_what_a_value_is(tmp_path: Path):
    assert isinstance(load(tmp_path, INTERCOM_APP_ID="a").values["INTERCOM_APP_ID"], SecretStr)


@pytest.mark.parametrize("kind", ["fifo", "device", "large", "folder"])
def test_a_file_that_is_no_small_regular_file_is_refused_at_once(tmp_path: Path, kind: str):
    path = tmp_path / "own"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as stream:
            stream.truncate(82 << 20)
    with pytest.raises(ConfigurationError, match=r"regular file|larger than 1 MiB|directory"):
        read_bounded(path)
    for load_file in (load_policy, lambda _, p: load_waivers(p)):
        with pytest.raises(ConfigurationError):
            load_file("production", path)


def test_an_env_file_that_is_a_fifo_is_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "live.env")
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load_settings(Profile.PRODUCTION, tmp_path, env_file=tmp_path / "live.env", environ={})
