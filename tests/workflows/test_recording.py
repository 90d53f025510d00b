"""The runbook's own actions are on record, and prove nothing about an application's logging."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.auditlog.records import LogVerdict
from helpers.auditlog.segments import entries
from helpers.auditlog.status import status_of
from helpers.auditlog.verification import parse_anchor, verify
from helpers.core.errors import StateError
from helpers.core.model import Unavailable
from helpers.intercom.accounts import RefusedCall
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from helpers.run.recording import recorded_run, recorder_of_misuse
from helpers.webhooks import action


def _told(state: Path) -> list[tuple[str, str]]:
    found = entries(state / "audit")
    return [(e.action, e.result) for e in found if not e.action.startswith("log.")]


def test_a_run_is_recorded_and_its_note_is_an_anchor_that_the_log_is_held_against(
    tmp_path: Path,
) -> None:
    with recorded_run(tmp_path, "staging", "run-1", ("scopes", "access")) as run:
        note = run.finished(failed=0)
    assert _told(tmp_path) == [
        ("runbook.audit.started", "success"),
        ("runbook.audit.finished", "success"),
    ]
    anchor = parse_anchor(note.split()[-1])
    assert verify(tmp_path / "audit", anchors=[anchor]).verdict is LogVerdict.INTACT


def test_a_log_cut_after_the_run_is_caught_by_the_report_alone(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "staging", "run-1", ()) as run:
        note = run.finished(failed=0)
    (segment,) = (tmp_path / "audit").glob("*.jsonl")
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    found = verify(tmp_path / "audit", anchors=[parse_anchor(note.split()[-1])])
    assert found.verdict is LogVerdict.TRUNCATED


def test_a_run_whose_steps_failed_is_recorded_as_a_failure(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "staging", "run-1", ()) as run:
        run.finished(failed=2)
    assert _told(tmp_path)[-1] == ("runbook.audit.finished", "failure")


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_is_broken_off_is_recorded_with_its_reason(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    with pytest.raises(stop), recorded_run(tmp_path, "staging", "run-1", ()):
        raise stop
    last = list(entries(tmp_path / "audit"))[-1]
    assert (last.action, last.result) == ("runbook.audit.finished", "failure")
    assert last.metadata["reason"] == stop.__name__


def test_the_battery_is_on_record_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def tried(*_: object) -> None:
        done.append("tried")
        raise StateError("The receiver is gone.", "Start it.")

    monkeypatch.setattr(action, "send_battery", tried)
    with ExitStack() as closing:
        context = open_context("05_webhook_verification", Choices(), closing)
        context.record = lambda action, **_: done.append(action)
        assert isinstance(action.act(context), Unavailable)
        assert done == ["runbook.webhook.battery", "tried"]
        context.record = _refused
        assert isinstance(action.act(context), Unavailable)
    assert done == ["runbook.webhook.battery", "tried"]  # what can't be recorded is not done


def _refused(*_: object, **__: object) -> None:
    raise StateError("The audit log can't be written.", "Make room.")


def test_misuse_of_an_account_is_recorded_by_route(tmp_path: Path) -> None:
    write = recorder_of_misuse(tmp_path)
    write(RefusedCall(account="reader", method="DELETE", route="/contacts/{id}"))
    last = list(entries(tmp_path / "audit"))[-1]
    assert (last.action, last.result) == ("runbook.account.misuse", "failure")
    assert dict(last.metadata) == {"method": "DELETE", "route": "/contacts/{id}"}
    assert last.resource["id"] == "reader"


def test_what_the_runbook_recorded_of_itself_is_no_sign_of_logging(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "staging", "run-1", ()) as run:
        run.finished(failed=0)
    later = datetime.now(UTC) + timedelta(days=1)
    found = status_of(tmp_path / "audit", "x", tmp_path, later)
    assert (found.records, found.before_run) == (0, 0)
