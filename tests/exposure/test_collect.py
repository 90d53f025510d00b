"""What the exposure step collects: from the demo repository, from others, and if it can't."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.core import catalog
from helpers.core.context import Context
from helpers.core.judge import judge
from helpers.core.model import Known, Snapshot, Status, Unavailable, fingerprint
from helpers.core.policy import ExposurePolicy, Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.exposure.collect import collect
from helpers.exposure.records import ExposureFacts
from helpers.sandbox import tokens
from helpers.sandbox.demo_repository import build
from helpers.sandbox.seeds import CLEAN, DEMO
from tests.conftest import make_access_token, run_git

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def context(repo: Path, state: Path, **environ: str) -> Context:
    settings = load_settings(Profile.DEVELOPMENT, repo, environ=environ)
    policy = Policy(exposure=ExposurePolicy(rules="intercom"))
    return Context(settings, policy, Redactor(), repo, state, lambda: NOW)


def statuses(facts: ExposureFacts) -> dict[str, set[Status]]:
    snapshot = Snapshot[ExposureFacts](step="exposure", profile="p", taken_at=NOW, facts=facts)
    found: dict[str, set[Status]] = {}
    for finding in judge(snapshot, catalog.load("exposure"), Policy(), NOW):
        found.setdefault(finding.check, set()).add(finding.status)
    return found


def fingerprints(facts: ExposureFacts) -> set[str]:
    assert isinstance(facts.leaks, Known)
    return {leak.fingerprint for leak in facts.leaks.value}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> ExposureFacts:
    folder = tmp_path_factory.mktemp("demo")
    repo = build(folder / "acme", DEMO)
    return collect(context(repo, folder / "state"))


def test_every_exposed_secret_in_the_demo_is_found_and_no_decoy(
    demo: ExposureFacts,
) -> None:
    lost = [
        ("access_token", tokens.access_token(f"{DEMO.name}/leaked-in-config")),
        ("access_token", DEMO.read_token),
        ("access_token", DEMO.write_token),
    ]
    for held in DEMO.profiles.values():
        lost.append(("access_token", held.access_token))
        lost.append(("client_secret", held.client_secret))
        lost.append(("identity_secret", held.identity_secret))
    expected = {fingerprint(kind, value) for kind, value in lost}
    assert isinstance(demo.leaks, Known)
    mobile = {leak.fingerprint for leak in demo.leaks.value if leak.kind == "mobile_sdk_key"}
    assert len(mobile) == 1
    assert fingerprints(demo) == expected | mobile


def test_the_demo_fails_the_intended_checks(demo: ExposureFacts) -> None:
    found = statuses(demo)
    assert {check for check, status in found.items() if Status.FAIL in status} == {
        "EXP-001",
        "EXP-002",
        "EXP-004",
        "EXP-006",
    }
    assert found["EXP-003"] == found["EXP-005"] == {Status.PASS}


def test_a_repository_without_secrets_passes(repo: Path, tmp_path: Path) -> None:
    (repo / ".gitlab-ci.yml").write_text("scan:\n  script: runbook scan --since origin/main\n")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "work")
    value = tokens.client_secret(f"{CLEAN.name}/x")
    facts = collect(context(repo, tmp_path / "state", INTERCOM_CLIENT_SECRET=value))
    assert {
        check: status for check, status in statuses(facts).items() if status != {Status.PASS}
    } == {}


def test_a_folder_in_no_repository_has_no_history_to_guard(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("fine")
    found = statuses(collect(context(tmp_path, tmp_path / "state")))
    assert found["EXP-006"] == found["EXP-002"] == {Status.NOT_APPLICABLE}
    assert found["EXP-005"] == {Status.FAIL}


def test_every_check_is_an_error_if_git_can_not_read_the_repository(
    repo: Path, tmp_path: Path
) -> None:
    (repo / ".git" / "HEAD").write_text("ref: neither a ref nor an object\n")
    facts = collect(context(repo, tmp_path / "state", INTERCOM_ACCESS_TOKEN=make_access_token()))
    assert isinstance(facts.leaks, Unavailable)
    assert isinstance(facts.configured, Known)
    found = statuses(facts)
    assert {check for check, verdict in found.items() if verdict == {Status.ERROR}} >= {
        *(f"EXP-00{number}" for number in range(1, 5))
    }
    assert found["EXP-005"] == {Status.MANUAL}


def test_an_unusable_cache_changes_no_result(repo: Path, tmp_path: Path) -> None:
    token = make_access_token()
    (repo / "a.txt").write_text(token)
    (tmp_path / "state").write_text("a file where a folder should be")
    facts = collect(context(repo, tmp_path / "state"))
    assert fingerprints(facts) == {fingerprint("access_token", token)}


def test_a_secret_in_use_is_found_wherever_its_bytes_are(repo: Path, tmp_path: Path) -> None:
    value = secrets.token_urlsafe(32)
    (repo / "notes.txt").write_text(f"do not forget {value}\n")
    facts = collect(context(repo, tmp_path / "state", INTERCOM_IDENTITY_SECRET=value))
    assert isinstance(facts.leaks, Known)
    (leak,) = facts.leaks.value
    assert leak.configured_as == "INTERCOM_IDENTITY_SECRET"
    assert value not in repr(facts)


def test_progress_is_reported(repo: Path, tmp_path: Path) -> None:
    (repo / "a.txt").write_text(make_access_token())
    said: list[str] = []
    given = context(repo, tmp_path / "state")
    given.progress = said.append
    collect(given)
    assert said[-1].endswith("secrets")
    assert "MB searched" in said[-1]
