"""From a known-bad release to proof that every secret it could read was replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli.incident import incident as command
from helpers.core.context import Context
from helpers.core.errors import StateError, UsageError
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from helpers.rotation.session import open_ledger
from helpers.rotation.transitions import ORDER, Mode
from helpers.system.files import write_private
from helpers.workflows.supply_chain import collect_supply_chain, recovery_report, sign
from tests.conftest import run_git
from tests.dependencies.lockfiles import NPM_FORMATS

BY_PERSON = (
    "isolate",
    "planted-files",
    "github-npm",
    "cloud-ci-ssh",
    "caches",
    "strangers",
    "activity",
)


@pytest.fixture
def context() -> Iterator[Context]:
    with ExitStack() as closing:
        yield open_context("incident", Choices(), closing)


def replace_every_key(context: Context) -> None:
    """Write rotations of today into the ledger, each with the key that is configured now."""
    kinds = {"access_token", "client_secret", "identity_secret"}
    with open_ledger(context) as ledger:
        for key in context.settings.credentials():
            if key.kind not in kinds or "READ" in key.variable or "WRITE" in key.variable:
                continue
            entry = ledger.open(
                variable=key.variable,
                kind=key.kind,
                mode=Mode.IN_PLACE,
                store="env",
                old_fingerprint="0" * 16,
                compromised=True,
            )
            for state in ORDER[True][1:]:
                entry = ledger.move(entry, state, new_fingerprint=key.fingerprint)


def test_the_demo_shows_who_may_have_run_it_and_what_it_could_read(context: Context) -> None:
    found = collect_supply_chain(context)
    assert found.since
    assert found.until
    assert (found.until - found.since).days == 3
    assert [name.split(" <")[0] for name in found.people] == ["Maya Okafor", "Jonas Weber"]
    assert found.ci_files == (".github/workflows/test.yml",)
    assert found.ci_secrets == ("INTERCOM_STAGING_TOKEN", "NPM_TOKEN")
    assert (".env", "INTERCOM_ACCESS_TOKEN") in found.env_variables
    text = recovery_report(found)
    assert "10 of 10 steps are open." in text
    assert "In the workspace since 2026-04-30" in text


def test_no_value_of_a_secret_is_in_the_report(context: Context) -> None:
    text = recovery_report(collect_supply_chain(context))
    for key in context.settings.credentials():
        assert key.value.get_secret_value() not in text


def test_what_planted_itself_goes_before_any_token_is_revoked(context: Context) -> None:
    names = [step.name for step in collect_supply_chain(context).steps]
    assert names.index("isolate") < names.index("planted-files") < names.index("github-npm")
    assert names.index("github-npm") < names.index("access-token")


def test_a_person_signs_for_a_step_and_the_progress_stays(context: Context) -> None:
    sign(context, "isolate", "Ann")
    found = collect_supply_chain(context)
    (done,) = [step for step in found.steps if step.done]
    assert (done.name, done.done) == ("isolate", "signed by Ann on 2026-05-18")
    assert "9 of 10 steps are open." in recovery_report(found)


def test_a_key_counts_as_replaced_only_by_the_ledger(context: Context) -> None:
    with pytest.raises(UsageError, match="proven by a rotation"):
        sign(context, "access-token", "Ann")
    replace_every_key(context)
    done = {step.name for step in collect_supply_chain(context).steps if step.done}
    assert done == {"access-token", "client-secret", "identity-secret"}


def test_a_rotation_to_another_key_than_the_configured_one_proves_nothing(
    context: Context,
) -> None:
    with open_ledger(context) as ledger:
        entry = ledger.open(
            variable="INTERCOM_ACCESS_TOKEN",
            kind="access_token",
            mode=Mode.IN_PLACE,
            store="env",
            old_fingerprint="0" * 16,
            compromised=True,
        )
        for state in ORDER[True][1:]:
            entry = ledger.move(entry, state, new_fingerprint="1" * 16)
    assert all(step.done == "" for step in collect_supply_chain(context).steps)


def test_it_ends_when_everything_is_signed_for_or_proven(context: Context) -> None:
    replace_every_key(context)
    for step in BY_PERSON:
        sign(context, step, "Ann")
    found = collect_supply_chain(context)
    assert found.open_steps == ()
    assert "All is done." in recovery_report(found)


@pytest.mark.parametrize(("step", "person"), [("isolate", " "), ("no-such-step", "Ann")])
def test_a_signature_without_a_name_or_a_step_is_refused(
    context: Context, step: str, person: str
) -> None:
    with pytest.raises(UsageError):
        sign(context, step, person)
    assert not (context.state / "supply-chain.json").exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"isolate": 1}', '{"isolate": {"by": "x"}}'])
def test_a_damaged_record_of_progress_is_refused_and_kept(context: Context, content: str) -> None:
    path = context.state / "supply-chain.json"
    write_private(path, content)
    with pytest.raises(StateError, match="not known which steps were done"):
        collect_supply_chain(context)
    assert path.read_text() == content


def run(repo: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        command,
        ["supply-chain", "--profile", "production", "--repo", str(repo), *arguments],
        standalone_mode=False,
    )
    return int(done.return_value), done.output


def test_a_clean_repository_ends_with_0_and_an_unread_one_with_10(repo: Path) -> None:
    file, build = NPM_FORMATS["npm 3"]
    (repo / file).write_text(build("intercom-client", "7.0.3"))
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "work")
    status, output = run(repo)
    assert status == 0
    assert "No known-bad release was found in" in output
    (repo / "yarn.lock").write_text("<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    status, output = run(repo)
    assert status == 10
    assert "NOT READ: 1 files" in output


def test_links_are_named_and_not_followed(repo: Path, tmp_path: Path) -> None:
    file, build = NPM_FORMATS["npm 3"]
    (repo / file).write_text(build("intercom-client", "7.0.4"))
    outside = tmp_path / "outside"
    outside.write_text("OUTSIDE_NAME=1\n")
    (repo / ".env.link").symlink_to(outside)
    (repo / ".github").symlink_to(tmp_path)
    status, output = run(repo)
    assert status == 14
    assert "OUTSIDE_NAME" not in output
    assert "NOT READ: `.env.link`" in output
