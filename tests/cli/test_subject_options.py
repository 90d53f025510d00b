"""One rule for which workspace and repository a command is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
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


def leaves(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    """Every command, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        elif any("--profile" in option.opts for option in command.params):
            yield (*names, name)


def options_of(*names: str) -> set[str]:
    command: click.Command = runbook
    for name in names:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found
        command = found
    return {option for parameter in command.params for option in parameter.opts}


SHARED = {"--profile", "--workspace", "--repo", "--env-file", "--policy", "--workspaces"}
ABOUT = [names for names in leaves(runbook) if "--env-file" in options_of(*names)]
NAMED = {"scan", "keys", "scopes", "review", "attest", "auditlog", "webhook", "rotate", "audit"}
ARGUMENTS: dict[tuple[str, ...], tuple[str, ...]] = {  # what a command needs besides
    ("attest",): ("two-factor", "--answer", "yes", "--by", "Ann"),
    ("review",): ("--reviewer", "Ann", "--yes"),
    ("auditlog", "accept"): ("--name", "Ann"),
    ("rotate", "incident"): ("access-token",),
    ("waive",): ("ENV-003", ".env", "--reason", "r", "--owner", "o", "--until", "2026-01-01"),
    ("webhook", "send"): ("http://127.0.0.1:9/",),
    ("webhook", "test"): ("http://127.0.0.1:9/", "--case", "R01"),
    **{
        ("rotate", f"{key}"): ("--dry-run",)
        for key in ("access-token", "read-token", "write-token", "client-secret", "identity-secret")
    },
}


def test_every_command_about_a_workspace_takes_the_same_options() -> None:
    assert {names[0] for names in ABOUT} >= NAMED
    assert not {
        names: SHARED - options_of(*names) for names in ABOUT if SHARED - options_of(*names)
    }


ANNOUNCING = [names for names in ABOUT if names not in {("audit",), ("auditlog", "tail")}]


@pytest.mark.parametrize("names", ANNOUNCING, ids=" ".join)
def test_from_any_folder_a_command_is_about_the_same(
    names: tuple[str, ...], repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the repository, from the clone, and from a folder that is neither."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine.toml").write_text("[access]\ndormant_days = 30\n")
    (tmp_path / "mine.env").write_text("INTERCOM_BASE_URL=http://127.0.0.1:9\n")
    (tmp_path / "all.toml").write_text('[shop]\nenvironment = "staging"\napp_id = "ab12cd34"\n')
    monkeypatch.setenv("RUNBOOK_WORKSPACES", "")
    options = ["--profile", "shop", "--repo", str(repo)]
    for option, name in (
        ("workspaces", "all.toml"),
        ("policy", "mine.toml"),
        ("env-file", "mine.env"),
    ):
        options += [f"--{option}", str(tmp_path / name)]
    seen = set()
    for folder in (repo, HOME, tmp_path / "elsewhere"):
        monkeypatch.chdir(folder)
        said = run(*names, *options, *ARGUMENTS.get(names, ()))
        seen.add(said.stderr.partition("\n")[0])
    assert seen == {
        "Using shop (staging, ab12cd34) · 127.0.0.1:9 (this machine) · repository repo · mine.toml"
    }


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
    assert done.stderr.startswith(
        "Using shop-eu (production) · api.intercom.io (Intercom's) · repository repo"
    )
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
        "Using planted (production) · api.intercom.io (Intercom's) · repository repo"
        " · built-in policy\n"
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
