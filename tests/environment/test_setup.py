from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from dotenv import dotenv_values
from pydantic import SecretStr

from helpers.cli.init import init
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.redaction import fingerprint
from helpers.core.settings import VARIABLES, load_settings
from helpers.core.workspaces import load_workspaces
from helpers.environment.entering import NEEDED
from helpers.environment.setup import IGNORED, apply, env_text, plan
from tests.conftest import make_access_token, run_git
from tests.intercom.hub import Hub


def run(repo: Path, *arguments: str, typed: str = ""):
    return CliRunner().invoke(init, ["--repo", str(repo), *arguments], input=typed)


def test_planned_change_made_twice_changes_nothing(repo: Path):
    apply(plan(repo))
    assert plan(repo) == ()


def test_what_stands_in_gitignore_stays(repo: Path):
    (repo / ".gitignore").write_text("node_modules/\n.env")
    apply(plan(repo))
    lines = (repo / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["node_modules/", ".env"]
    assert lines.count(".env") == 1
    assert set(IGNORED) <= set(lines)


def test_example_keeps_a_teams_own_names(repo: Path):
    (repo / ".env.example").write_text("DATABASE_URL=\nINTERCOM_REGION=\n")
    apply(plan(repo))
    text = (repo / ".env.example").read_text()
    assert text.startswith("DATABASE_URL=\n")
    assert text.count("INTERCOM_REGION=") == 1


def test_file_changed_since_it_was_planned_is_not_overwritten(repo: Path):
    changes = plan(repo)
    (repo / ".gitignore").write_text("new\n")
    with pytest.raises(UsageError, match="changed meanwhile"):
        apply(changes)
    assert (repo / ".gitignore").read_text() == "new\n"


def test_env_file_is_private_and_its_values_are_never_echoed(repo: Path, access_token: str):
    result = run(repo, typed=f"y\ny\n{access_token}\n\n\n")
    path = repo / ".env"
    assert path.read_text() == f"INTERCOM_ACCESS_TOKEN={access_token}\n"
    assert f"fingerprint {fingerprint('access_token', access_token)}" in result.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert access_token not in result.output


def test_change_is_shown_before_it_is_made_and_may_be_refused(repo: Path):
    result = run(repo, typed="n\nn\n")
    assert "+.env.*.local" in result.output
    assert not (repo / ".gitignore").exists()
    assert not (repo / ".env.example").exists()


def test_existing_env_file_stays(repo: Path):
    (repo / ".env").write_text("MINE=1\n")
    result = run(repo, "--yes")
    assert "stays as it is" in result.output
    assert (repo / ".env").read_text() == "MINE=1\n"


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "quote'", "$HOME"])
def test_value_with_a_character_no_secret_has_is_refused_without_being_told(value: str):
    with pytest.raises(ConfigurationError, match="INTERCOM_ACCESS_TOKEN") as caught:
        env_text({"INTERCOM_ACCESS_TOKEN": SecretStr(value)})
    assert value not in str(caught.value)


WRONG = (
    ("INTERCOM_ACCESS_TOKEN", "hello", "too short"),
    ("INTERCOM_ACCESS_TOKEN", "ghp_" + "a1B2c3D4e5" * 4, "another service"),
    ("INTERCOM_ACCESS_TOKEN", "k9TzQ2vB7mXw4LpR8nYc3HjD6fGs1", "begin with dG9r"),
    ("INTERCOM_REGION", "de", "us, eu, au"),
    ("INTERCOM_APP_ID", "my workspace", "ab12cd34"),
)


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_wrong_value_is_named_when_it_is_typed_and_the_others_stay(
    repo: Path, access_token: str, name: str, value: str, said: str
) -> None:
    good = {
        "INTERCOM_ACCESS_TOKEN": access_token,
        "INTERCOM_REGION": "eu",
        "INTERCOM_APP_ID": "ab1",
    }
    typed = [line for key in good for line in ((value, good[key]) if key == name else (good[key],))]
    result = run(repo, typed="\n".join(("y", "y", *typed, "")))
    assert result.exit_code == 0, result.output
    assert said in result.output
    if name == "INTERCOM_ACCESS_TOKEN":
        assert value not in result.output
    assert dotenv_values(repo / ".env") == good


def test_only_what_an_audit_needs_is_asked_and_the_rest_on_request(repo: Path) -> None:
    few = run(repo, typed="n\ny\n" + "\n" * 20).output
    assert {v.name for v in VARIABLES if f"{v.name}:" in few} == set(NEEDED)
    every = run(repo, "--all", typed="n\ny\n" + "\n" * 20).output
    assert all(f"{v.name}:" in every for v in VARIABLES)


def test_addresses_are_checked_too(repo: Path) -> None:
    before = [v.name for v in VARIABLES].index("INTERCOM_BASE_URL")
    typed = ["n", "y", *[""] * before, "ftp://x", "", "mailto:me", "https://e.example.com/h", ""]
    result = run(repo, "--all", typed="\n".join((*typed, "")))
    assert result.exit_code == 0, result.output
    assert dotenv_values(repo / ".env") == {"INTERCOM_WEBHOOK_URL": "https://e.example.com/h"}


def test_online_the_token_and_its_workspace_are_checked(repo: Path, hub: Hub) -> None:
    """A dead token and a wrong id are asked for again; what else was typed stays."""
    token = hub.token({"read_single_admin"})
    typed = dict.fromkeys((v.name for v in VARIABLES), "")
    typed |= {"INTERCOM_ACCESS_TOKEN": make_access_token(), "INTERCOM_REGION": "us"}
    typed |= {"INTERCOM_BASE_URL": hub.url, "INTERCOM_APP_ID": "zz99zz99"}
    lines = ("n", "y", *typed.values(), token, "", "")
    result = run(repo, "--all", "--check", typed="\n".join(lines))
    assert result.exit_code == 0, result.output
    assert "That is not the workspace zz99zz99." in result.output
    written = dotenv_values(repo / ".env")
    assert written["INTERCOM_ACCESS_TOKEN"] == token
    assert written["INTERCOM_REGION"] == "us"


def test_a_new_name_becomes_an_entry_of_the_operators_file(
    repo: Path, tmp_path: Path, access_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "intercom-runbook"
    for name, region in (("shop-eu", "eu"), ("shop-us", "us")):
        typed = f"y\nproduction\ny\n{access_token}\n{region}\n\n"
        typed = typed if name == "shop-eu" else typed.removeprefix("y\n")
        result = run(repo, "--workspace", name, typed=typed)
        assert result.exit_code == 0, result.output
        assert f"runbook audit --profile {name}" in result.output
    listed = load_workspaces(folder / "workspaces.toml")
    assert list(listed) == ["shop-eu", "shop-us"]
    assert listed["shop-eu"].repositories == {"repo": repo}
    settings = load_settings(listed["shop-us"], repo, environ={})
    assert settings.text("INTERCOM_REGION") == "us"
    assert settings.credential("INTERCOM_ACCESS_TOKEN")
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (access_token in path.read_text()) is (path.suffix == ".env")
    before = (folder / "workspaces.toml").read_text()
    assert "stays as it is" in run(repo, "--workspace", "shop-eu").output
    assert (folder / "workspaces.toml").read_text() == before


@pytest.mark.parametrize("name", ["Shop", "latest", "a b", "x" * 50])
def test_a_name_that_can_not_be_used_is_refused_before_anything_is_asked(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    error = run(repo, "--yes", "--workspace", name).exception
    assert isinstance(error, ConfigurationError)
    assert not (tmp_path / "config").exists()


def test_a_folder_that_is_no_repository_ends_with_2(tmp_path: Path) -> None:
    error = run(tmp_path).exception
    assert isinstance(error, UsageError)
    assert "not in a git repository" in error.message


def test_reports_stay_out_of_git(repo: Path) -> None:
    run(repo, "--yes")
    assert run_git(repo, "check-ignore", "runs/x").strip() == "runs/x"


@pytest.mark.parametrize("name", [".gitignore", ".env.example"])
@pytest.mark.parametrize("target", ["private", "/dev/zero"])
def test_a_file_that_is_a_link_is_refused_and_what_it_leads_to_is_not_copied(
    repo: Path, tmp_path: Path, name: str, target: str
) -> None:
    """The repository's author chose where it leads; both files are meant to be committed."""
    (tmp_path / "private").write_text("private\n")
    (repo / name).symlink_to(tmp_path / target)
    with pytest.raises(ConfigurationError, match="is a link"):
        plan(repo)
    assert (repo / name).is_symlink()
