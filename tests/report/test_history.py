"""What is new, unchanged, fixed and regressed; a check that could not look proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.judge import rest_of
from helpers.core.model import Baseline, Finding, Report, Resource, Status
from helpers.report.history import (
    HistoryLine,
    PriorFindings,
    compare,
    findings_after,
    prior_findings,
    record,
    runs,
)
from helpers.system.state import open_state
from tests.report.samples import NOW, finding, full_report, report

LINE = HistoryLine("name:shop", ("environment",))
BLIND = Resource(kind="datum", key="env_files")
OTHER = Resource(kind="file", key="other")


def on_day(day: int, *findings: Finding) -> Report:
    return report(*findings, generated_at=NOW + timedelta(days=day))


def after(*made: Report) -> Report:
    """The last report, compared with the ones before it."""
    known = PriorFindings()
    for one in made[:-1]:
        known = findings_after(one, known)
    return compare(made[-1], known)


def marks(*statuses: Status | None) -> Baseline | None:
    """The mark of the last of these verdicts on one thing; None: the thing was not there."""
    made = [
        on_day(day, finding("ENV-001", Status.PASS, OTHER), *([finding(status=s)] if s else []))
        for day, s in enumerate(statuses)
    ]
    return after(*made).findings[-1].baseline


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Connection]:
    connection = open_state(tmp_path)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("statuses", "mark"),
    [
        ((Status.FAIL,), None),
        ((Status.PASS, Status.FAIL), Baseline.NEW),
        ((None, Status.FAIL), Baseline.NEW),
        ((Status.FAIL, Status.FAIL), Baseline.UNCHANGED),
        ((Status.FAIL, Status.PASS, Status.FAIL), Baseline.REGRESSED),
        ((Status.FAIL, None, Status.FAIL), Baseline.REGRESSED),
        ((Status.FAIL, Status.ERROR, Status.FAIL), Baseline.UNCHANGED),
        ((Status.FAIL, Status.MANUAL, Status.FAIL), Baseline.UNCHANGED),
        ((Status.FAIL, Status.PASS), Baseline.FIXED),
        ((Status.FAIL, Status.PASS, Status.PASS), Baseline.UNCHANGED),
        ((Status.FAIL, Status.ERROR, Status.PASS), Baseline.FIXED),
        ((Status.PASS, Status.ERROR), Baseline.NEW),
        ((Status.ERROR, Status.ERROR), Baseline.UNCHANGED),
    ],
)
def test_marks(statuses: tuple[Status | None, ...], mark: Baseline | None) -> None:
    assert marks(*statuses) is mark


def test_without_a_run_before_nothing_is_marked() -> None:
    one = compare(on_day(0, finding()), PriorFindings())
    assert one.compared_with is None
    assert one.fixed == ()


def test_the_run_before_is_named() -> None:
    assert after(on_day(0, finding()), on_day(1, finding())).compared_with == NOW


def test_a_missing_finding_is_fixed_if_its_check_ran_again() -> None:
    later = after(on_day(0, finding()), on_day(1, finding("ENV-001", Status.PASS, OTHER)))
    assert [f.fingerprint for f in later.fixed] == [finding().fingerprint]


def test_a_missing_finding_is_not_fixed_if_its_check_could_not_look() -> None:
    assert (
        after(on_day(0, finding()), on_day(1, finding("ENV-001", Status.ERROR, BLIND))).fixed == ()
    )


def test_what_is_gone_is_not_fixed_where_its_step_was_not_asked_for() -> None:
    elsewhere = finding("ACC-001", Status.PASS, step="access")
    assert after(on_day(0, finding()), on_day(1, elsewhere)).fixed == ()


def test_a_finding_that_needs_a_person_is_not_fixed() -> None:
    assert after(on_day(0, finding()), on_day(1, finding(status=Status.MANUAL))).fixed == ()


def test_a_failure_says_since_when_it_fails() -> None:
    later = after(*(on_day(day, finding()) for day in range(4)))
    assert later.findings[0].since == NOW


def test_a_failure_that_came_back_counts_from_its_return() -> None:
    verdicts = (Status.FAIL, Status.PASS, Status.FAIL)
    later = after(*(on_day(day, finding(status=s)) for day, s in enumerate(verdicts)))
    assert later.findings[0].since == NOW + timedelta(days=2)


@given(st.lists(st.sampled_from([*Status, None]), min_size=2, max_size=8))
def test_nothing_is_fixed_that_did_not_fail_and_nothing_twice(
    statuses: list[Status | None],
) -> None:
    known, failing = PriorFindings(), False
    for day, status in enumerate(statuses):
        made = on_day(
            day,
            finding("ENV-001", Status.PASS, OTHER),
            *([finding(status=status)] if status else []),
        )
        fixed = bool(compare(made, known).fixed)
        cleared = status in (None, Status.PASS, Status.NOT_APPLICABLE)
        assert fixed == (failing and cleared)
        failing = status is Status.FAIL or (failing and not cleared)
        known = findings_after(made, known)


def test_state_db_gives_back_what_the_fold_knows(state: Connection) -> None:
    known = PriorFindings()
    for day, made in enumerate((full_report(), on_day(9, finding()), on_day(10))):
        record(state, f"run-{day}", made, LINE)
        known = findings_after(made, known)
    stored = prior_findings(state, LINE)
    assert dict(stored.findings) == dict(known.findings)
    assert stored.compared_with == known.compared_with


def test_a_run_is_recorded_once(state: Connection) -> None:
    record(state, "one", on_day(0, finding()), LINE)
    record(state, "one", on_day(1, finding(status=Status.PASS)), LINE)
    assert [run.name for run in runs(state)] == ["one"]
    assert next(iter(prior_findings(state, LINE).findings.values())).failing


def test_runs_are_listed_with_their_headline_latest_first(state: Connection) -> None:
    record(state, "earlier", on_day(0, finding()), LINE)
    record(state, "later", on_day(1, finding(status=Status.MANUAL)), LINE)
    said = [(run.name, run.summary) for run in runs(state)]
    assert said == [
        ("later", "0 judged, 1 needs a person, 0 could not look"),
        ("earlier", "1 judged, 0 need a person, 0 could not look"),
    ]


def test_a_new_profile_has_no_past(state: Connection) -> None:
    assert prior_findings(state, LINE) == PriorFindings(None, {})
    assert runs(state) == ()


def test_what_may_be_among_the_rest_is_neither_fixed_nor_new() -> None:
    rest = finding(status=Status.FAIL, resource=rest_of(Status.FAIL))
    before = on_day(0, finding(status=Status.FAIL), rest)
    unlisted = on_day(1, finding(status=Status.FAIL, resource=OTHER), rest)
    now = after(before, unlisted)
    assert now.fixed == ()
    assert [one.baseline for one in now.findings] == [None, Baseline.UNCHANGED]
    listed = after(before, on_day(1, finding(status=Status.PASS, resource=OTHER)))
    assert [one.resource for one in listed.fixed].count(rest.resource) == 1
