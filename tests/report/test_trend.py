"""The trend over runs: failures by severity, the age of what is open, what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from helpers.core.model import Baseline, Finding, PastRun, Report, Severity, Status
from helpers.core.policy import Policy
from helpers.report.history import HistoryLine, compare, prior_findings, record
from helpers.report.page import to_html
from helpers.report.trend import trend_figure, trend_of
from helpers.system.state import open_state
from tests.report.samples import NOW, finding, report

LINE = HistoryLine("name:shop", ("environment",))
FIX_DAYS: Mapping[str, int] = dict(Policy().report.fix_days.items())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Connection]:
    connection = open_state(tmp_path)
    yield connection
    connection.close()


def on_day(day: int, *findings: Finding) -> Report:
    return report(*findings, generated_at=NOW + timedelta(days=day), fix_days=FIX_DAYS)


def recorded(state: Connection, *runs: Report) -> Report:
    """The last run, compared with the recorded ones before it."""
    for number, one in enumerate(runs[:-1]):
        record(state, f"run-{number}", one, LINE)
    return compare(runs[-1], prior_findings(state, LINE))


def test_the_failures_of_each_run_are_kept_by_severity(state: Connection) -> None:
    last = recorded(state, on_day(0, finding()), on_day(1, finding(status=Status.PASS)), on_day(2))
    assert [run.total for run in trend_of(last).runs] == [1, 0, 0]
    assert trend_of(last).runs[0].failures[Severity.HIGH] == 1


def test_only_the_last_twelve_runs_are_shown(state: Connection) -> None:
    last = recorded(state, *(on_day(day, finding()) for day in range(15)))
    runs = trend_of(last).runs
    assert len(runs) == 12
    assert [run.at for run in runs] == sorted(run.at for run in runs)


def test_another_repository_is_no_part_of_the_trend(state: Connection) -> None:
    record(state, "other", on_day(0, finding()), HistoryLine("name:other", ("environment",)))
    last = recorded(state, on_day(1, finding()), on_day(2, finding()))
    assert len(trend_of(last).runs) == 2


def test_a_failure_is_overdue_after_the_days_of_its_severity(state: Connection) -> None:
    days = FIX_DAYS[Severity.HIGH]
    in_time = recorded(state, on_day(0, finding()), on_day(days, finding()))
    assert trend_of(in_time).overdue == ()
    late = compare(on_day(days + 1, finding()), prior_findings(state, LINE))
    assert [f.check for f in trend_of(late).overdue] == ["ENV-001"]
    assert trend_of(late).median_age == days + 1


def test_a_policy_may_name_one_severity_and_keep_the_others() -> None:
    policy = Policy.model_validate({"report": {"fix_days": {"critical": 1}}})
    assert policy.report.fix_days == {**FIX_DAYS, "critical": 1}


def test_without_an_earlier_run_there_is_no_trend() -> None:
    made = on_day(0, finding())
    assert len(trend_of(made).runs) == 1
    assert trend_of(made).median_age is None
    assert 'class="trend"' not in to_html(made)


def test_the_page_draws_the_trend_and_names_what_is_overdue() -> None:
    old = finding(since=NOW - timedelta(days=100), baseline=Baseline.UNCHANGED)
    past = (PastRun(at=NOW - timedelta(days=7), failures={Severity.HIGH: 3}),)
    made = report(old, compared_with=NOW - timedelta(days=7), past=past, fix_days=FIX_DAYS)
    page = to_html(made)
    assert "Failures in 2 runs: 3 at first, 1 at last" in page
    assert "Half of the open failures are 100 days old or older. 1 of them is overdue" in page


def test_a_run_without_failures_has_an_empty_column() -> None:
    figure = trend_figure([PastRun(at=NOW, failures={})])
    assert "<rect" not in figure
    assert ">0<" in figure
