"""Each check: pass, fail, not applicable where that is possible, unavailable."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpers.core import catalog
from helpers.core.judge import judge
from helpers.core.model import Finding, Known, Severity, Snapshot, Status, Unavailable
from helpers.core.policy import Policy
from helpers.exposure.records import (
    ConfiguredSecret,
    ExposureFacts,
    LeakedSecret,
    Liveness,
    Place,
    PlaceKind,
    ScanCoverage,
    SkippedItem,
)
from helpers.exposure.secret_kinds import INTERCOM_KINDS

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
COMMITTED = Place(kind=PlaceKind.HISTORY, path="a.py", commit="c" * 40, first=NOW, at_head=True)
HOME = Place(kind=PlaceKind.IGNORED, path="app/.env.local")
CONFIGURED = ConfiguredSecret(
    variable="INTERCOM_ACCESS_TOKEN", kind="access_token", fingerprint="f" * 16
)
CLEAN = ScanCoverage(rules="r", objects=3, files=2)


def leak(*places: Place, kind: str = "access_token", **more: Any) -> LeakedSecret:
    return LeakedSecret(
        fingerprint="f" * 16,
        kind=kind,
        title="t",
        shape="…(60)",
        places=places,
        places_total=len(places),
        **more,
    )


def facts(**given: Any) -> ExposureFacts:
    values: dict[str, Any] = {
        "leaks": (),
        "leaks_total": 0,
        "coverage": CLEAN,
        "configured": (),
        "guards": (),
    }
    return ExposureFacts(**{name: Known(value) for name, value in (values | given).items()})


def verdicts(check: str, given: ExposureFacts) -> list[Finding]:
    snapshot = Snapshot[ExposureFacts](step="exposure", profile="p", taken_at=NOW, facts=given)
    return list(judge(snapshot, [catalog.find(check)], Policy(), NOW))


IN_USE = {
    "configured": (ConfiguredSecret(variable="INTERCOM_READ_TOKEN", kind="a", fingerprint="0"),)
}


@pytest.mark.parametrize(
    ("check", "given", "status"),
    [
        ("EXP-001", {}, Status.PASS),
        ("EXP-001", {"leaks": (leak(HOME),)}, Status.PASS),
        ("EXP-001", {"leaks": (leak(COMMITTED),)}, Status.FAIL),
        ("EXP-002", {}, Status.NOT_APPLICABLE),
        ("EXP-002", {"configured": (CONFIGURED,)}, Status.PASS),
        ("EXP-002", {"configured": (CONFIGURED,), "leaks": (leak(HOME),)}, Status.PASS),
        ("EXP-002", {"configured": (CONFIGURED,), "leaks": (leak(COMMITTED),)}, Status.FAIL),
        ("EXP-003", {"leaks": (leak(COMMITTED),)}, Status.PASS),
        ("EXP-003", {"leaks": (leak(COMMITTED, kind="aws"),)}, Status.FAIL),
        ("EXP-004", {}, Status.PASS),
        ("EXP-004", {"leaks": (leak(COMMITTED, kind="mobile_sdk_key"),)}, Status.FAIL),
        ("EXP-005", {}, Status.PASS),
        ("EXP-005", {"coverage": ScanCoverage(rules="r")}, Status.NOT_APPLICABLE),
        ("EXP-005", {"coverage": CLEAN.model_copy(update={"shallow": True})}, Status.ERROR),
        ("EXP-005", {"coverage": ScanCoverage(rules="r", git=False, files=1)}, Status.FAIL),
        *(
            (check, {"coverage": CLEAN.model_copy(update=holes), **IN_USE}, status)
            for check in ("EXP-001", "EXP-002", "EXP-003", "EXP-004")
            for holes, status in (
                ({"shallow": True}, Status.ERROR),
                ({"partial": True}, Status.ERROR),
                ({"interrupted": True}, Status.ERROR),
                ({"missed_total": 2}, Status.MANUAL),
            )
        ),
        (
            "EXP-005",
            {
                "coverage": CLEAN.model_copy(
                    update={"missed": (SkippedItem(where="w", reason="r"),), "missed_total": 1}
                )
            },
            Status.MANUAL,
        ),
        ("EXP-006", {"guards": ("gitleaks",)}, Status.PASS),
        ("EXP-006", {}, Status.FAIL),
        ("EXP-006", {"coverage": ScanCoverage(rules="r", git=False)}, Status.NOT_APPLICABLE),
    ],
)
def test_the_verdict(check: str, given: dict[str, Any], status: Status) -> None:
    assert [finding.status for finding in verdicts(check, facts(**given))] == [status]


def test_a_staged_secret_is_unstaged_and_need_not_be_rotated() -> None:
    staged = leak(Place(kind=PlaceKind.INDEX, path="a.py"))
    (finding,) = verdicts("EXP-001", facts(leaks=(staged,)))
    assert "It is staged, not committed yet." in finding.message
    assert "git restore --staged" in finding.remediation[0]
    assert not any("Rotate" in step for step in finding.remediation)
    both = leak(COMMITTED, Place(kind=PlaceKind.INDEX, path="a.py"))
    (finding,) = verdicts("EXP-001", facts(leaks=(both,)))
    assert finding.remediation[0].startswith("Rotate it at once")


def test_a_partial_clone_states_how_much_is_missing() -> None:
    given = CLEAN.model_copy(update={"partial": True, "absent": 7, "absent_examples": ("a" * 40,)})
    (finding,) = verdicts("EXP-005", facts(coverage=given))
    assert "7 objects are not in it, such as aaaaaaaaaaaa." in finding.message


@pytest.mark.parametrize("check", [f"EXP-00{number}" for number in range(1, 7)])
def test_an_unreadable_repository_is_an_error(check: str) -> None:
    gone = Unavailable(reason="git is not installed.", call="git")
    given = ExposureFacts(
        leaks=gone, leaks_total=gone, coverage=gone, configured=Known(()), guards=gone
    )
    assert {finding.status for finding in verdicts(check, given)} == {Status.ERROR}


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (leak(COMMITTED), Severity.HIGH),
        (leak(COMMITTED, liveness=Liveness.LIVE), Severity.CRITICAL),
        (leak(COMMITTED, liveness=Liveness.REVOKED), Severity.LOW),
        (leak(COMMITTED.model_copy(update={"on_remote": True})), Severity.CRITICAL),
        (leak(Place(kind=PlaceKind.UNTRACKED, path="x")), Severity.MEDIUM),
    ],
)
def test_the_severity_follows_from_kind_place_and_liveness(
    one: LeakedSecret, severity: Severity
) -> None:
    (finding,) = verdicts("EXP-001", facts(leaks=(one,)))
    assert finding.severity is severity
    assert finding.resource.key == one.fingerprint


REMOTE = COMMITTED.model_copy(update={"on_remote": True})
FIXTURE = COMMITTED.model_copy(update={"path": "tests/fixtures/key.pem"})


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (leak(REMOTE, kind="github-pat"), Severity.HIGH),
        (leak(REMOTE, kind="generic-credential-uri"), Severity.LOW),
        (leak(REMOTE, kind="stripe").model_copy(update={"shape": "…(8)"}), Severity.LOW),
        (leak(FIXTURE, kind="private-key"), Severity.LOW),
        (leak(FIXTURE, COMMITTED, kind="private-key"), Severity.HIGH),
    ],
)
def test_another_providers_secret_never_ranks_above_what_it_opens(
    one: LeakedSecret, severity: Severity
) -> None:
    (finding,) = verdicts("EXP-003", facts(leaks=(one,)))
    assert finding.severity is severity


def test_an_intercom_secret_in_a_fixture_is_as_severe_as_anywhere() -> None:
    (finding,) = verdicts("EXP-001", facts(leaks=(leak(FIXTURE),)))
    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize("kind", sorted(set(INTERCOM_KINDS) - {"mobile_sdk_key"}))
def test_every_kind_of_intercom_secret_has_its_steps(kind: str) -> None:
    (finding,) = verdicts("EXP-001", facts(leaks=(leak(COMMITTED, kind=kind),)))
    assert len(finding.remediation) > 3


def test_a_token_in_an_mcp_file_says_what_it_opens() -> None:
    place = COMMITTED.model_copy(update={"path": ".cursor/mcp.json"})
    for kind in ("mcp_token", "access_token"):
        (finding,) = verdicts("EXP-001", facts(leaks=(leak(place, kind=kind),)))
        assert any("create_article" in step for step in finding.remediation)


@pytest.mark.parametrize(
    ("path", "example"),
    [
        ("tests/a.py", True),
        ("src/app_test.go", True),
        ("docs/setup.rst", True),
        ("README.md", True),
        ("config/app.example.env", True),
        ("src/latest.py", False),
        ("contest/app.py", False),
        (".env", False),
    ],
)
def test_examples_are_recognised_by_path(path: str, example: bool) -> None:
    assert Place(kind=PlaceKind.HISTORY, path=path).is_example is example


@pytest.mark.parametrize(
    ("liveness", "text"),
    [
        (Liveness.NOT_ASKED, "Not checked against Intercom (use `runbook scan --verify`)."),
        (Liveness.LIVE, "It is live and opens the workspace abc12345."),
        (Liveness.REVOKED, "It is revoked."),
        (Liveness.UNKNOWN, "the check with Intercom gave no clear answer."),
    ],
)
def test_the_message_says_whether_the_secret_works(liveness: Liveness, text: str) -> None:
    one = leak(COMMITTED, liveness=liveness, workspace="abc12345")
    (finding,) = verdicts("EXP-001", facts(leaks=(one,)))
    assert finding.message.endswith(text)


def test_the_remediation_rotates_first_and_gives_the_history_commands() -> None:
    (finding,) = verdicts("EXP-001", facts(leaks=(leak(COMMITTED),)))
    steps = "\n".join(finding.remediation)
    assert finding.remediation[0].startswith("Rotate it at once")
    assert "runbook rotate access-token --compromised" in steps
    assert "git filter-repo --replace-text" in steps
    assert "The cost" in steps
