"""State of a version without named workspaces: nothing of it is lost, and its history goes on."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from helpers.access.attestations import read_attestations
from helpers.auditlog.verification import parse_anchor, verify
from helpers.core.model import Baseline, Finding, Status
from helpers.report.history import HistoryLine, compare, prior_findings, record, runs
from helpers.rotation.ledger import Ledger
from helpers.system.state import open_state
from helpers.system.state.pinned import pinned_id
from tests.report.samples import NOW, report

EARLIER = Path(__file__).with_name("earlier")
TABLES = (
    *("runs", "findings", "rotations", "rotation_events", "key_sightings"),
    *("audit_heads", "audit_mirrors", "audit_expected"),
)
SHOP = HistoryLine("name:shop", ("environment", "exposure", "rotation", "access"))
CART = HistoryLine("name:cart", SHOP.steps)
LATER = NOW + timedelta(days=400)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder as that version left it."""
    made = tmp_path / "production"
    shutil.copytree(EARLIER, made)
    made.chmod(0o700)
    with closing(sqlite3.connect(made / "state.db")) as connection:
        connection.executescript((EARLIER / "state.sql").read_text())
    return made


def rows(folder: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, by the columns that they had."""
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
            for table in TABLES
        }


def known(folder: Path) -> list[Finding]:
    """The failures that it had recorded."""
    bodies = [str(row["body"]) for row in rows(folder)["findings"]]
    return [Finding.model_validate_json(body) for body in bodies if body]


def test_every_row_stays_and_a_copy_is_kept(folder: Path) -> None:
    before = rows(folder)
    open_state(folder).close()
    after = rows(folder)
    for run in after["runs"]:
        assert run.pop("line") is None
        assert run.pop("failures") is None
    assert after == before
    assert before["rotations"]
    assert before["runs"]
    assert (folder / "state.db.before-0005").is_file()


def test_attestations_log_and_ledger_are_read_as_before(folder: Path) -> None:
    assert [one.question for one in read_attestations(folder)] == ["two-factor"]
    (head,) = rows(folder)["audit_heads"]
    anchor = parse_anchor(f"{head['seq']}:{head['hash']}")
    assert verify(folder / "audit", anchors=[anchor]).verdict == "intact"
    with closing(open_state(folder)) as connection:
        ledger = Ledger(connection, clock=lambda: LATER, actor="test")
        opened = ledger.open_entry("INTERCOM_ACCESS_TOKEN")
        assert opened
        assert opened.open
        assert pinned_id(connection) == ""


def test_a_failure_that_is_found_again_keeps_its_age(folder: Path) -> None:
    found = known(folder)
    with closing(open_state(folder)) as state:
        for line in (SHOP, CART):
            now = compare(report(*found, generated_at=LATER), prior_findings(state, line))
            assert {one.baseline for one in now.findings} == {Baseline.UNCHANGED}
            assert [one.since for one in now.findings] == [one.since for one in found]
            assert now.compared_with
            assert not now.fixed


def test_only_what_is_about_the_workspace_can_be_fixed_since_then(folder: Path) -> None:
    """What was recorded about code may be about another repository than this one."""
    found = known(folder)
    passing = [one.model_copy(update={"status": Status.PASS}) for one in found]
    looked = [one.model_copy(update={"fingerprint": f"v1:{n}"}) for n, one in enumerate(passing)]
    with closing(open_state(folder)) as state:
        now = compare(report(*looked, generated_at=LATER), prior_findings(state, SHOP))
        assert {one.step for one in now.fixed} == {"rotation", "access"}
        record(state, "first", now, SHOP)
        again = compare(report(*looked, generated_at=LATER), prior_findings(state, SHOP))
        assert not again.fixed
        assert len(runs(state)) == 3
