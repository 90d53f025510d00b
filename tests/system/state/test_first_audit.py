"""Since when a workspace is known: what decides between a finding and history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpers.core.context import Context
from helpers.core.model import Known, Unavailable
from helpers.core.policy import Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, Settings, Workspace
from helpers.report.history import HistoryLine, record
from helpers.system.state import first_audit, open_state
from tests.report.samples import NOW, report

TODAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


def context(state: Path, profile: Profile = Profile.PRODUCTION) -> Context:
    settings = Settings(Workspace.of_profile(profile), state, {}, {})
    return Context(settings, Policy(), Redactor(), state, state, clock=lambda: TODAY)


def test_the_first_audit_is_now_until_one_is_recorded(tmp_path: Path) -> None:
    assert first_audit(context(tmp_path)) == Known(TODAY)
    connection = open_state(tmp_path)
    for name, days in (("second", 2), ("first", 0)):
        found = report().model_copy(update={"generated_at": NOW + timedelta(days=days)})
        record(connection, name, found, HistoryLine("", ()))
    connection.close()
    assert first_audit(context(tmp_path)) == Known(NOW)


def test_the_demo_has_always_been_known(tmp_path: Path) -> None:
    assert first_audit(context(tmp_path, Profile.SANDBOX)) == Known(None)
    assert not list(tmp_path.iterdir())


def test_a_damaged_state_does_not_pass_for_a_first_audit(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    assert isinstance(first_audit(context(tmp_path)), Unavailable)
