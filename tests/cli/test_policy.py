"""`runbook policy` and `runbook waive`, as a person uses them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpers.cli import runbook
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.model import Finding, Resource, Status
from helpers.core.policy import Policy
from helpers.core.policy_document import policy_schema
from helpers.core.waivers import load_waivers
from helpers.report.folder import RESULTS, finish_run, start_run
from helpers.system.files import write_private
from tests.conftest import run_git
from tests.report.samples import finding, report

TODAY = datetime.now(UTC).date()
SOON = (TODAY + timedelta(days=30)).isoformat()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(runbook, arguments)


def refused(*arguments: str) -> UsageError:
    error = run(*arguments).exception
    assert isinstance(error, UsageError)
    return error


@pytest.fixture
def shop(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and the working directory, with a run of production in it."""
    monkeypatch.chdir(repo)
    run_git(repo, "commit", "-q", "--allow-empty", "-m", "Start")
    audited(
        [
            finding("ACC-004", resource=admin(81)),
            finding("ACC-004", Status.MANUAL, resource=admin(82)),
            finding("ACC-004", Status.PASS, resource=admin(9)),
            finding("AUD-010", resource=admin(81)),
        ]
    )
    return repo


def admin(number: int) -> Resource:
    return Resource(kind="admin", key=f"admin:{number}", name=f"Nr {number}")


def audited(findings: Sequence[Finding], profile: str = "production") -> Path:
    folder = start_run(Path("runs"), f"20260302T090000Z-{profile}")
    found = report(*findings, profile=profile)
    write_private(folder / RESULTS, found.model_dump_json())
    return finish_run(folder)


def waive(
    check: str = "ACC-004", resource: str = "admin:81", until: str = SOON, reason: str = "Known."
) -> tuple[str, ...]:
    named = ("--reason", reason, "--owner", "ana", "--until", until)
    return ("waive", check, resource, *named, "--profile", "production")


def test_policy_show_names_the_line_that_sets_a_value(shop: Path) -> None:
    (shop / "policy.toml").write_text("[access]\ndormant_days = 30\n[acts]\nmirror = true\n")
    shown = run("policy", "show", "--profile", "production").stdout
    assert "dormant_days = 30  # policy.toml, line 2\n" in shown
    assert "mirror = false  # default; ignored: policy.toml, line 4\n" in shown
    assert tomllib.loads(shown).keys() == Policy.model_fields.keys()


def test_policy_show_as_json_has_every_value_with_its_source(shop: Path) -> None:
    values = json.loads(run("policy", "show", "--profile", "production", "--format", "json").stdout)
    assert {"table": "limits", "key": "pages", "value": 2000, "source": "default"} in values


def test_policy_init_never_replaces_a_file(shop: Path) -> None:
    assert run("policy", "init").exit_code == 0
    assert run("policy", "show", "--profile", "production").exit_code == 0
    assert "there already" in refused("policy", "init").message


def test_policy_schema_is_printed() -> None:
    assert run("policy", "schema").output == policy_schema()


def test_a_waiver_is_added_and_nothing_else_changes(shop: Path) -> None:
    before = (
        "# Ours, by hand.\n[[waiver]]\ncheck='ENV-001'\nresource='.env' # so\nowner='b'\n"
        "reason='r'\nexpires=2026-01-01"
    )
    path = shop / "waivers.toml"
    path.write_text(before)
    path.chmod(0o640)
    done = run(*waive(reason='She said "no" \\ twice'))
    assert done.exit_code == 0, done.exception
    assert "It covers 1 finding of the run." in done.output
    assert path.read_text().startswith(before + "\n\n[[waiver]]\n")
    _, added = load_waivers(path)
    assert (added.check, added.resource, added.owner) == ("ACC-004", "admin:81", "ana")
    assert added.reason == 'She said "no" \\ twice'
    assert added.expires.isoformat() == SOON
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_new_file_can_be_read_by_the_team(shop: Path) -> None:
    done = run(*waive(resource="admin:8?"))
    assert "It covers 2 findings" in done.output
    assert (shop / "waivers.toml").stat().st_mode & 0o777 == 0o644


def test_waivers_lie_beside_a_policy_of_the_operator(shop: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "policy.toml").write_text("[waivers]\nmax_waiver_days = 60\n")
    assert run(*waive(), "--policy", str(own / "policy.toml")).exit_code == 0
    assert len(load_waivers(own / "waivers.toml")) == 1
    assert not (shop / "waivers.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (waive("ACC-04"), "Did you mean ACC-"),
        (waive("XYZ"), "`runbook checks`"),
        (waive(resource="admin:18"), "Did you mean: admin:8"),
        (waive(resource="admin:9"), "Did you mean: "),
        (waive(resource="Nr 82"), "admin:82 (Nr 82)"),
        (waive("ENV-001"), "Name another --run."),
        (waive(resource="*"), "Name one resource."),
        (waive("AUD-010", "admin:*"), "Name one resource."),
        (waive(until=(TODAY - timedelta(days=1)).isoformat()), "Name a day up to "),
        (
            waive(until=(TODAY + timedelta(days=366)).isoformat()),
            f"Name a day up to {TODAY + timedelta(days=365)}.",
        ),
        ((*waive(), "--profile", "staging"), "Audit first"),
        ((*waive(), "--profile", "sandbox"), "Audit first"),
    ],
)
def test_what_a_run_would_not_accept_is_refused(
    shop: Path, arguments: tuple[str, ...], said: str
) -> None:
    error = refused(*arguments)
    assert said in str(error)
    assert not (shop / "waivers.toml").exists()


def test_a_policy_of_the_repository_does_not_allow_a_longer_waiver(shop: Path) -> None:
    (shop / "policy.toml").write_text("[waivers]\nmax_waiver_days = 3650\n")
    far = (TODAY + timedelta(days=400)).isoformat()
    assert "more than 365 days" in refused(*waive(until=far)).message


def test_a_finding_is_not_waived_twice(shop: Path) -> None:
    run(*waive())
    assert "waivers.toml, line 1 waives ACC-004" in refused(*waive()).message
    assert len(load_waivers(shop / "waivers.toml")) == 1


def test_the_demo_keeps_no_waivers(shop: Path) -> None:
    audited([finding("ACC-004", resource=admin(81))], "sandbox")
    assert "The demo keeps no waivers." in str(refused(*waive(), "--profile", "sandbox"))


def test_a_file_that_is_damaged_or_a_link_is_left_alone(shop: Path, tmp_path: Path) -> None:
    path = shop / "waivers.toml"
    path.write_text("[[waiver]]\ncheck = 3\n")
    assert isinstance(refused(*waive()), ConfigurationError)
    assert path.read_text() == "[[waiver]]\ncheck = 3\n"
    path.unlink()
    target = tmp_path / "elsewhere"
    target.write_text("")
    path.symlink_to(target)
    assert "is a link" in refused(*waive()).message
    assert not target.read_text()


def test_a_waiver_by_command_is_one_that_the_next_run_accepts(shop: Path) -> None:
    from helpers.core import catalog
    from helpers.core.policy import WaiverPolicy
    from helpers.core.waivers import apply_waivers

    run(*waive())
    found = finding("ACC-004", resource=admin(81))
    waivers = load_waivers(shop / "waivers.toml")
    ((noted,), _) = apply_waivers(
        [found], waivers, catalog.load(), WaiverPolicy(), datetime.now(UTC)
    )
    assert noted.waiver
    assert not noted.failing
