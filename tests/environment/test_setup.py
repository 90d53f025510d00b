from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from helpers.cli.init import init
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import VARIABLES
from helpers.environment.setup import IGNORED, apply, env_text, plan


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
    result = run(repo, typed=f"y\ny\n{access_token}\n" + "\n" * (len(VARIABLES) - 1))
    path = repo / ".env"
    assert path.read_text() == f"INTERCOM_ACCESS_TOKEN={access_token}\n"
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
