"""A run names what it audited: workspace, repository, policy, waivers, and who ran it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.records import ActivitySummary, AuditFacts
from helpers.core.model import Datum, Known, Partial, Snapshot, Unavailable
from helpers.notebook.parameters import Choices
from helpers.run.subject import code_state, subject_of, with_period, with_workspace
from helpers.system.files import write_private
from helpers.system.git import without_credentials
from tests.checking import NOW
from tests.conftest import run_git

STEPS = ("environment", "exposure")
GONE = Unavailable(reason="It did not answer.", call="GET /x")
EXAMINED = ActivitySummary(
    start=NOW - timedelta(days=30),
    end=NOW,
    rows=0,
    teammates=1,
    types=(),
    unknown_types=(),
    days=(),
    security=(),
)


@pytest.fixture
def repository(repo: Path) -> Path:
    (repo / "app.py").write_text("print()\n")
    run_git(repo, "add", "app.py")
    run_git(repo, "commit", "-qm", "Begin")
    return repo


def test_the_state_of_a_repository_is_its_commit_branch_and_remote(repository: Path) -> None:
    run_git(repository, "checkout", "-q", "-b", "release")
    run_git(repository, "remote", "add", "origin", "https://bot:hidden@git.example.com/a/b.git")
    state = code_state(repository)
    assert (state.name, state.branch, state.dirty) == (repository.name, "release", False)
    assert state.remote == "https://git.example.com/a/b.git"
    assert state.commit == run_git(repository, "rev-parse", "HEAD").strip()


def test_a_changed_file_makes_the_repository_dirty(repository: Path) -> None:
    (repository / "app.py").write_text("print(1)\n")
    assert code_state(repository).dirty is True


def test_a_folder_without_git_is_known_by_its_name_alone(tmp_path: Path) -> None:
    state = code_state(tmp_path)
    assert (state.name, state.commit, state.dirty) == (tmp_path.name, "", None)


def test_a_repository_without_a_commit_has_none(repo: Path) -> None:
    assert code_state(repo).commit == ""


def test_policy_and_waivers_are_named_by_their_hash(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCOM_APP_ID", "ecs8jk2m")
    policy = repository / "policy.toml"
    policy.write_text("[scopes]\n")
    subject = subject_of(Choices("production", repo=str(repository)), STEPS)
    assert subject.policy
    assert subject.policy.sha256 == hashlib.sha256(policy.read_bytes()).hexdigest()
    assert subject.waivers is None
    assert subject.workspace == "ecs8jk2m"
    assert "rotation" in subject.left_out
    assert not set(STEPS) & set(subject.left_out)


def test_the_operator_is_whom_the_system_names_and_not_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert "somebody-else" not in subject_of(Choices(), STEPS).run_by


def test_the_demo_says_that_its_clock_stands_still() -> None:
    subject = subject_of(Choices(), STEPS)
    assert subject.clock == "demo clock, 18 May 2026"
    assert subject.repository
    assert subject.repository.name == "acme-support"


def test_without_an_environment_snapshot_the_workspace_stays_as_it_was(tmp_path: Path) -> None:
    subject = subject_of(Choices(), STEPS)
    assert with_workspace(subject, tmp_path) == subject
    assert with_period(subject, tmp_path) == subject


@pytest.mark.parametrize(
    ("activity", "period"),
    [
        (Known(EXAMINED), "2026-01-31 to 2026-03-02"),
        (Partial(EXAMINED, "A page did not come.", "GET /x"), "2026-01-31 to 2026-03-02, in part"),
        (GONE, ""),
    ],
)
def test_the_period_is_that_of_the_activity_log_and_says_if_a_part_is_missing(
    tmp_path: Path, activity: Datum[ActivitySummary], period: str
) -> None:
    facts = AuditFacts(
        log=GONE, activity=activity, answers=GONE, teammates=GONE, reviews=GONE, mirror=GONE
    )
    snapshot = Snapshot[AuditFacts](step="auditlog", profile="x", taken_at=NOW, facts=facts)
    write_private(tmp_path / "snapshots" / "auditlog.json", snapshot.model_dump_json())
    assert with_period(subject_of(Choices(), STEPS), tmp_path).period == period


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://git.example.com/a/b.git", "https://git.example.com/a/b.git"),
        ("https://me@git.example.com:8443/a/b", "https://git.example.com:8443/a/b"),
        ("git@git.example.com:a/b.git", "git.example.com:a/b.git"),
        ("ssh://git@git.example.com/a/b", "ssh://git.example.com/a/b"),
        ("https://git.example.com/a/b?private_token=x#y", "https://git.example.com/a/b"),
        ("/srv/git/a.git", "/srv/git/a.git"),
        ("https://me:one/two@git.example.com/a", ""),
        ("https://me:one?two@git.example.com/a", ""),
        ("", ""),
    ],
)
def test_the_address_of_a_remote_is_shown_without_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


@given(
    secret=st.text(st.characters(codec="ascii", categories=("L", "P", "S")), min_size=8).map(
        lambda text: f"Q{text}Q"
    )
)
def test_no_password_of_a_remote_is_shown(secret: str) -> None:
    assert secret not in without_credentials(f"https://user:{secret}@git.example.com/a/b")
