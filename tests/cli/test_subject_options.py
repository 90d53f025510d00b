"""One rule for which workspace and repository a command is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpers.cli import runbook
from helpers.core.errors import UsageError
from tests.conftest import HOME, run_git

EFFECTS = (
    ("review", "--reviewer", "Ann", "--yes"),
    ("attest", "two-factor", "--answer", "yes", "--by", "Ann"),
    ("rotate", "access-token", "--dry-run"),
    ("webhook", "send", "http://127.0.0.1:9/"),
    ("webhook", "test", "http://127.0.0.1:9/"),
    ("auditlog", "seal"),
    ("scopes", "--probe-writes"),
)
READS = (("keys",), ("scopes",), ("rotate", "status"), ("auditlog", "verify"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(runbook, arguments, standalone_mode=False)


def refusal(*arguments: str) -> UsageError:
    error = run(*arguments).exception
    assert isinstance(error, UsageError), error
    assert error.exit_status == 2
    return error


@pytest.fixture(autouse=True)
def nobody_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RUNBOOK_PROFILE", "RUNBOOK_WORKSPACES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspaces.toml with one workspace, whose secrets have a prefix."""
    path = tmp_path / "operator.toml"
    path.write_text('[shop-eu]\nenvironment = "production"\nsecrets = "environment:SHOP_EU_"\n')
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(path))
    return path


@pytest.mark.parametrize("command", EFFECTS)
@pytest.mark.parametrize("here", [HOME, Path("/")])
def test_a_command_with_an_effect_never_falls_back_to_the_sandbox(
    command: tuple[str, ...], here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(here)
    error = refusal(*command)
    assert "changes or signs something" in error.message
    assert " --profile NAME" in error.advice
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("command", READS)
def test_a_command_that_reads_is_about_the_sandbox_in_the_clone_alone(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--profile NAME" in refusal(*command).advice
    monkeypatch.chdir(HOME / "docs")
    done = run(*command)
    assert done.exception is None, done.exception
    assert done.stderr.startswith("Using sandbox (demo clock")


def test_the_variable_names_the_profile_and_the_flag_wins(
    monkeypatch: pytest.MonkeyPatch, repo: Path
) -> None:
    monkeypatch.chdir(repo)
    monkeypatch.setenv("RUNBOOK_PROFILE", "staging")
    assert run("attest").stderr.startswith("Using staging")
    assert run("attest", "--profile", "production").stderr.startswith("Using production")


def test_the_only_workspace_of_the_file_is_taken(
    operator: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    done = run("attest", "two-factor", "--answer", "yes", "--by", "Ann")
    assert done.exception is None, done.exception
    assert done.stderr.startswith("Using shop-eu (production) · repository repo")
    operator.write_text(operator.read_text() + '\n[shop-us]\nenvironment = "staging"\n')
    assert "shop-eu, shop-us" in refusal("attest", "two-factor").advice


def test_workspace_and_profile_are_the_same_option(
    operator: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    seen = {run("attest", option, "shop-eu").stderr for option in ("--profile", "--workspace")}
    assert len(seen) == 1


def test_the_file_is_named_by_an_option(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)
    monkeypatch.setenv("RUNBOOK_WORKSPACES", "")  # which the option sets, and pytest restores
    (repo / "mine.toml").write_text('[shop]\nenvironment = "staging"\n')
    done = run("attest", "--workspaces", "mine.toml", "--profile", "shop")
    assert done.stderr.startswith("Using shop (staging)")


def test_a_file_in_the_audited_repository_is_reported_and_ignored(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    (repo / "workspaces.toml").write_text('[planted]\nenvironment = "production"\n')
    assert "no profile or workspace 'planted'" in refusal("attest", "--profile", "planted").message
    shown = run("attest", "--profile", "production").stderr
    assert "workspaces.toml is not used: name it with --workspaces" in shown
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(repo / "workspaces.toml"))
    assert run("attest", "--profile", "planted").stderr == (
        "Using planted (production) · repository repo · built-in policy\n"
    )


def test_a_real_profile_in_the_runbooks_own_clone_needs_a_repository(
    monkeypatch: pytest.MonkeyPatch, repo: Path
) -> None:
    monkeypatch.chdir(HOME)
    for command in (("audit",), ("keys",), ("scan",), ("review", "--reviewer", "Ann")):
        error = refusal(*command, "--profile", "production")
        assert "the runbook's own clone" in error.message
        assert "--profile production --repo " in error.advice
    assert run("attest", "--profile", "production", "--repo", str(repo)).exception is None


@pytest.mark.parametrize(("name", "said"), [("nowhere", "does not exist"), ("file", "is a file")])
def test_a_repository_that_is_none_is_refused_at_once(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert said in refusal("audit", "--profile", "production", "--repo", name).message
    assert "not in a git repository" in refusal("audit", "--profile", "production").message
    assert not (tmp_path / "runs").exists()


def test_the_repository_is_the_one_that_one_stands_in(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "src").mkdir()
    (repo / "src" / "app.py").write_text("print()\n")
    run_git(repo, "add", ".")
    run_git(repo, "commit", "-qm", "Begin")
    monkeypatch.chdir(repo / "src")
    commit = run_git(repo, "rev-parse", "HEAD")[:7]
    assert f"· repository repo at {commit} ·" in run("attest", "--profile", "staging").stderr


def test_a_repository_goes_by_the_name_that_the_operator_gave(
    operator: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.write_text(operator.read_text() + f'repositories = {{ shop = "{repo}" }}\n')
    monkeypatch.chdir(operator.parent)
    for options in ((), ("--repo", "shop"), ("--repo", str(repo))):
        done = run("attest", "two-factor", "--answer", "yes", "--by", "Ann", *options)
        assert "· repository repo ·" in done.stderr
    assert "these repositories: shop" in refusal("attest", "two-factor", "--repo", "cart").advice
