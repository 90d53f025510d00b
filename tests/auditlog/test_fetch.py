"""Fetching Intercom's activity log: incremental, resumable, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.activity import fetch
from helpers.auditlog.partitions import Partitions
from helpers.core.errors import StateError, UnreachableError

END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = END - timedelta(days=40)


class Workspace:
    """An activity log that counts what it is asked."""

    def __init__(self, rows: list[dict[str, Any]], *, newest_first: bool = True) -> None:
        self.rows = rows
        self.asked: list[tuple[date, date]] = []
        self.calls = 0
        self.fail_at = 0
        self._newest_first = newest_first

    def __call__(self, after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        self.calls += 1
        if self.fail_at and self.calls >= self.fail_at:
            raise UnreachableError("GET /admins/activity_logs had no answer: down.", "Try again.")
        if page == 1:
            day = datetime.fromtimestamp
            self.asked.append((day(after, UTC).date(), day(before - 1, UTC).date()))
        found = [r for r in self.rows if after <= r["created_at"] <= before]
        found.sort(key=lambda r: r["created_at"], reverse=self._newest_first)
        return found[(page - 1) * 10 : page * 10], max(-(-len(found) // 10), 1)


def row_at(number: int, at: datetime, kind: str = "macro_update") -> dict[str, Any]:
    by = {"type": "admin", "id": "1", "email": "ann@example.com", "ip": "192.0.2.1"}
    moment = int(at.timestamp())
    told = {"activity_type": kind, "activity_description": "d", "metadata": {}}
    return {"id": str(number), "performed_by": by, "created_at": moment, **told}


def rows_of(count: int = 400) -> list[dict[str, Any]]:
    step = (END - START) / count
    return [row_at(n, START + n * step) for n in range(count)]


def ids(partitions: Partitions) -> list[str]:
    if not partitions.files():
        return []
    with duckdb.connect() as database:
        names = [str(file) for file in partitions.files()]
        found = database.execute("SELECT id FROM read_parquet($1) ORDER BY happened, id", [names])
        return [row[0] for row in found.fetchall()]


@pytest.fixture
def partitions(tmp_path: Path) -> Partitions:
    return Partitions(tmp_path / "activity")


@pytest.mark.parametrize("newest_first", [True, False])
def test_every_row_comes_once_into_its_month(partitions: Partitions, newest_first: bool) -> None:
    workspace = Workspace(rows_of(), newest_first=newest_first)
    done = fetch(workspace, partitions, START, END)
    assert done.rows == 400
    assert len(ids(partitions)) == len(set(ids(partitions))) == 400
    assert [file.stem for file in partitions.files()] == ["2026-01", "2026-02", "2026-03"]


def test_no_closed_day_is_asked_for_twice(partitions: Partitions) -> None:
    workspace = Workspace(rows_of())
    fetch(workspace, partitions, START, END)
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert workspace.asked == [(END.date(), END.date())]


def test_a_day_is_closed_an_hour_after_its_end(partitions: Partitions) -> None:
    early = END.replace(hour=0, minute=30)
    fetch(Workspace(rows_of()), partitions, START, early)
    assert early.date() - timedelta(days=1) not in partitions.covered()
    fetch(Workspace(rows_of()), partitions, START, early.replace(hour=2))
    assert early.date() - timedelta(days=1) in partitions.covered()


def test_today_grows_without_duplicates(partitions: Partitions) -> None:
    rows = rows_of()
    workspace = Workspace(rows)
    fetch(workspace, partitions, START, END)
    rows.append(row_at(999, END + timedelta(hours=1)))
    fetch(workspace, partitions, START, END + timedelta(hours=2))
    assert len(ids(partitions)) == 401


@pytest.mark.parametrize("fail_at", [1, 2, 5, 12, 30])
def test_an_interrupted_fetch_keeps_what_came_and_goes_on(
    partitions: Partitions, fail_at: int
) -> None:
    workspace = Workspace(rows_of())
    workspace.fail_at = fail_at
    with pytest.raises(UnreachableError):
        fetch(workspace, partitions, START, END)
    kept = set(partitions.covered())
    workspace.fail_at = 0
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert len(ids(partitions)) == 400
    for first, last in workspace.asked:
        assert not kept & {first + timedelta(days=n) for n in range((last - first).days + 1)}


def test_a_gap_is_found_and_filled(partitions: Partitions) -> None:
    workspace = Workspace(rows_of())
    middle = START + timedelta(days=20)
    fetch(workspace, partitions, START, middle)
    fetch(workspace, partitions, END - timedelta(days=5), END)
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert len(workspace.asked) <= 4
    assert len(ids(partitions)) == 400


def test_unknown_kinds_and_rows_without_a_shape_are_no_trouble(partitions: Partitions) -> None:
    odd = [row_at(1, END - timedelta(days=1), "brand_new_thing")]
    workspace = Workspace(odd)

    def pages(after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        found, total = workspace(after, before, page)
        return [*found, None, "text", {"id": None}, {"id": "2", "created_at": "soon"}], total

    fetch(pages, partitions, START, END)
    assert ids(partitions) == ["1"]


def test_files_are_for_the_owner_alone(partitions: Partitions) -> None:
    fetch(Workspace(rows_of(20)), partitions, START, END)
    assert {f.stat().st_mode & 0o777 for f in partitions.folder.iterdir()} == {0o600}
    assert partitions.folder.stat().st_mode & 0o777 == 0o700


def test_progress_is_told_with_the_time_left(
    partitions: Partitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 10_000, 2))
    monkeypatch.setattr("helpers.auditlog.activity.time.monotonic", lambda: next(ticks))
    told: list[str] = []
    fetch(Workspace(rows_of()), partitions, START, END, progress=told.append)
    assert told
    assert all("rows, about" in line and "s left" in line for line in told)


def test_old_months_can_be_forgotten(partitions: Partitions) -> None:
    fetch(Workspace(rows_of()), partitions, START, END)
    assert partitions.forget(date(2026, 3, 1)) == ["2026-01", "2026-02"]
    assert {day.month for day in partitions.covered()} == {3}


def test_a_damaged_coverage_costs_a_fetch_and_no_row(partitions: Partitions) -> None:
    fetch(Workspace(rows_of()), partitions, START, END)
    (partitions.folder / "coverage.json").write_text("{not json")
    fetch(Workspace(rows_of()), partitions, START, END)
    assert len(ids(partitions)) == 400


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    from helpers.core.errors import RunbookError

    (tmp_path / "activity").write_text("")
    with pytest.raises(RunbookError):
        fetch(Workspace(rows_of(20)), Partitions(tmp_path / "activity"), START, END)


def test_a_damaged_month_is_a_clear_error(partitions: Partitions) -> None:
    fetch(Workspace(rows_of()), partitions, START, END)
    partitions.files()[-1].write_bytes(b"not parquet")
    with pytest.raises(StateError):
        fetch(Workspace(rows_of()), partitions, START, END)


@given(
    covered=st.sets(st.integers(0, 60)),
    first=st.integers(0, 60),
    length=st.integers(0, 60),
)
def test_runs_of_missing_days_are_exactly_the_missing_days(
    covered: set[int], first: int, length: int
) -> None:
    begin = date(2026, 1, 15)
    days = {begin + timedelta(days=n) for n in covered}

    class Known(Partitions):
        def covered(self) -> frozenset[date]:
            return frozenset(days)

    start = begin + timedelta(days=first)
    last = start + timedelta(days=length)
    runs = list(Known(Path("unused")).missing(start, last))
    asked = [f + timedelta(days=n) for f, t in runs for n in range((t - f).days + 1)]
    wanted = {start + timedelta(days=n) for n in range(length + 1)} - days
    assert sorted(asked) == sorted(wanted)
    assert all(f.month == t.month for f, t in runs)
