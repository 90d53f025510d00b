"""The report on a stolen key: where it was exposed, what was done, what happened since."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.core.model import Known, Unavailable
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.transitions import Mode
from helpers.workflows import incident as workflow
from helpers.workflows.incident import Incident, collect_incident, incident_report
from tests.rotation.conftest import NOW, READERS, Desk

VARIABLE = "INTERCOM_ACCESS_TOKEN"
LEAKED = datetime(2026, 2, 20, 12, 0, tzinfo=UTC)


def leak(repo: Path, token: str) -> None:
    """Commit the token, and take it out again a day later."""

    def git(*arguments: str, at: datetime = LEAKED) -> None:
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(repo)}
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), at.isoformat())
        who = ("-c", "user.name=Ada|<b>", "-c", "user.email=ada@example.com")
        command = ("git", *who, *arguments)
        subprocess.run(command, cwd=repo, env=env | dates, check=True, capture_output=True)

    git("init", "-q")
    (repo / ".gitignore").write_text(".env\n.env.*.local\n")
    (repo / "config.py").write_text(f'TOKEN = "{token}"\n')
    git("add", ".gitignore", "config.py")
    git("commit", "-qm", "Add the configuration")
    (repo / "config.py").write_text("TOKEN = None\n")
    git("commit", "-qam", "Take it out", at=LEAKED + timedelta(days=1))


def row(desk: Desk, at: datetime, said: str) -> None:
    by = desk.click("GET", "/admins")[0]["id"]
    kind = "admin_impersonation_start"
    desk.click(
        "POST",
        "/activity/rows",
        activity_type=kind,
        description=said,
        by=by,
        at=int(at.timestamp()),
    )


def respond(desk: Desk) -> Incident:
    """A whole response to the theft; the incident."""
    desk.guide.start(Mode.IN_PLACE, compromised=True)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    desk.guide.resume()
    desk.guide.resume(OperatorInput(secret=new))
    desk.guide.resume(READERS)
    return collect_incident(desk.reopened().context, VARIABLE)


def test_it_links_the_exposure_and_what_happened_since_it(desk: Desk) -> None:
    leak(desk.context.repo, desk.token)
    row(desk, LEAKED - timedelta(days=1), "Eve came too early")
    row(desk, LEAKED + timedelta(days=3), "Eve | <script> came")
    incident = respond(desk)
    assert incident.since == LEAKED
    text = incident_report(incident)
    exposure = text.partition("## Where the key was exposed")[2].partition("##")[0]
    assert "2026-02-20 12:00" in exposure
    assert "config.py" in exposure
    assert "What happened in the workspace since 2026-02-20" in text
    assert "came too early" not in text
    assert "<script>" not in text
    assert "<b>" not in text
    assert "2026-02-23 12:00" in text
    assert "move: REVOKED" in text
    assert "evidence: old key dead" in text
    assert desk.token not in text


def test_without_an_exposure_it_looks_back_as_far_as_the_policy_says(desk: Desk) -> None:
    incident = respond(desk)
    assert incident.leaks == Known(())
    lookback = desk.context.policy.auditlog.lookback_days
    assert incident.since == NOW - timedelta(days=lookback)
    assert "exposed in another way" in incident_report(incident)


def test_what_is_too_much_for_a_table_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "_MAX_ROWS", 1)
    for days in (1, 2, 3):
        row(desk, NOW - timedelta(days=days), f"Eve came {days}")
    incident = respond(desk)
    assert isinstance(incident.activity, Known)
    kept = incident.activity.value
    assert len(kept.suspicious) == 1
    assert kept.counts["admin_impersonation_start"] >= 3
    assert f"{kept.more} more are in the activity log" in incident_report(incident)


def test_until_the_key_is_proven_dead_it_says_so_first_of_all(desk: Desk) -> None:
    desk.guide.start(Mode.IN_PLACE, compromised=True)
    incident = collect_incident(desk.reopened().context, VARIABLE)
    assert "NOT PROVEN DEAD YET" in incident_report(incident)
    desk.hub.regenerate_token(desk.app.id)
    desk.guide.resume()
    assert "the gap continues" in incident_report(
        collect_incident(desk.reopened().context, VARIABLE)
    )


def test_a_log_that_can_t_be_read_is_told(desk: Desk) -> None:
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=["read_single_admin"])
    incident = respond(desk)
    assert isinstance(incident.activity, Unavailable)
    assert "read_admins" in incident_report(incident)


def test_there_is_no_report_where_nothing_was_stolen(desk: Desk) -> None:
    desk.guide.start(Mode.IN_PLACE)
    with pytest.raises(UsageError, match="--compromised"):
        collect_incident(desk.context, VARIABLE)
