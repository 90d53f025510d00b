"""Fetching Intercom's activity log: incremental, resumable, nothing twice, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.activity import fetch
from helpers.auditlog.coverage import Coverage
from helpers.auditlog.paging import ActivityPage
from helpers.auditlog.partitions import Partitions, PartitionWriter
from helpers.core.errors import StateError, UnreachableError

END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = END - timedelta(days=40)
YESTERDAY = END - timedelta(days=1)


class Workspace:
    """An activity log that counts what it is asked."""

    def __init__(self, rows: list[dict[str, Any]], *, newest_first: bool = True) -> None:
        self.rows = rows
        self.asked: list[tuple[date, date]] = []
        self.calls = 0
        self.fail_at = 0
        self.at = END
        self._newest_first = newest_first

    def __call__(self, after: int, before: int, page: int) -> ActivityPage:
        self.calls += 1
        if self.fail_at and self.calls >= self.fail_at:
            raise UnreachableError("GET /admins/activity_logs had no answer: down.", "Try again.")
        if page == 1:
            day = datetime.fromtimestamp
            self.asked.append((day(after, UTC).date(), day(before - 1, UTC).date()))
        found = [r for r in self.rows if after <= r["created_at"] <= before]
        found.sort(key=lambda r: r["created_at"], reverse=self._newest_first)
        shown = found[(page - 1) * 10 : page * 10]
        total = max(-(-len(found) // 10), 1)
        return ActivityPage(shown, total, page, asked=page, at=self.at)


def row_at(number: int, at: datetime, kind: str = "macro_update") -> dict[str, Any]:
    by = {"type": "admin", "id": "1", "email": "ann@example.com", "ip": "192.0.2.1"}
    moment = int(at.timestamp())
    told = {"activity_type": kind, "activity_description": "d", "metadata": {}}
    return {"id": str(number), "performed_by": by, "created_at": moment, **told}


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def rows_of(count: int = 400) -> list[dict[str, Any]]:
    step = (END - START) / count
    return [row_at(n, START + n * step) for n in range(count)]


def ids(partitions: Partitions) -> list[str]:
    with partitions.reading() as files, duckdb.connect() as database:
        names = [str(file) for file in files]
        if not names:
            return []
        found = database.execute("SELECT id FROM read_parquet($1) ORDER BY happened, id", [names])
        return [row[0] for row in found.fetchall()]


def renamed(page: ActivityPage) -> ActivityPage:
    return replace(page, total=None)


def endless(page: ActivityPage) -> ActivityPage:
    return replace(page, total=10**9)


def short_in_the_middle(page: ActivityPage) -> ActivityPage:
    return replace(page, rows=page.rows[:-2] if page.asked < page.total else page.rows, size=10)


def empty_before_the_last(page: ActivityPage) -> ActivityPage:
    return replace(page, rows=[] if page.asked == 3 else page.rows)


def shrinking(page: ActivityPage) -> ActivityPage:
    return replace(page, total=max(page.total - page.asked + 1, 1))


def another_page(page: ActivityPage) -> ActivityPage:
    return replace(page, number=1)


def promised_but_never_full(page: ActivityPage) -> ActivityPage:
    return replace(page, size=250)


class _Repeating:
    """Answers every page with the first."""

    __name__ = "the_first_page_again"

    def __init__(self) -> None:
        self._first: ActivityPage | None = None

    def __call__(self, page: ActivityPage) -> ActivityPage:
        self._first = page if page.asked == 1 or not self._first else self._first
        return replace(self._first, asked=page.asked, number=None)


LIES: tuple[Any, ...] = (
    *(renamed, endless, short_in_the_middle, empty_before_the_last, shrinking, another_page),
    *(promised_but_never_full, _Repeating()),
)


def deleted(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def not_parquet(file: Path) -> None:
    file.write_bytes(b"not parquet")


def emptied_of_rows(file: Path) -> None:
    with duckdb.connect() as database:
        rows = f"SELECT * FROM read_parquet('{file}') LIMIT 3"
        database.execute(f"COPY ({rows}) TO '{file}.new' (FORMAT parquet)")
    Path(f"{file}.new").replace(file)


HARMS = (deleted, cut, not_parquet, emptied_of_rows)


@pytest.fixture
def partitions(tmp_path: Path) -> Partitions:
    return Partitions(tmp_path / "activity")


@pytest.mark.parametrize("newest_first", [True, False])
def test_every_row_comes_once_into_its_month(partitions: Partitions, newest_first: bool) -> None:
    workspace = Workspace(rows_of(), newest_first=newest_first)
    done = fetch(workspace, partitions, START, END)
    assert done.rows == 400
    assert len(ids(partitions)) == len(set(ids(partitions))) == 400
    with partitions.reading() as files:
        assert [file.name[:7] for file in files] == ["2026-01", "2026-02", "2026-03"]


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


def test_a_garbled_row_of_an_open_day_does_not_survive_a_healthy_fetch(
    partitions: Partitions,
) -> None:
    garbled = row_at(8, END - timedelta(hours=2))
    honest = row_at(9, END - timedelta(hours=1))
    workspace = Workspace([row_at(1, YESTERDAY), garbled])
    fetch(workspace, partitions, START, END)
    workspace.rows = [row_at(1, YESTERDAY), honest]
    fetch(workspace, partitions, START, END)
    assert ids(partitions) == ["1", "9"]


def test_earlier_rows_of_an_open_day_stay_until_the_day_came_whole(partitions: Partitions) -> None:
    workspace = Workspace([row_at(8, END - timedelta(hours=2))])
    fetch(workspace, partitions, START, END)
    workspace.rows = [row_at(9, END - timedelta(hours=1)) | {"performed_by": None}]
    fetch(workspace, partitions, START, END)
    workspace.fail_at = workspace.calls + 1
    with pytest.raises(UnreachableError):
        fetch(workspace, partitions, START, END)
    assert ids(partitions) == ["8"]


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


def test_a_kind_that_nobody_knows_is_kept(partitions: Partitions) -> None:
    done = fetch(Workspace([row_at(1, YESTERDAY, "brand_new_thing")]), partitions, START, END)
    assert ids(partitions) == ["1"]
    assert not done.gaps


ODD: list[Any] = [None, "text", [], {"id": None}, {**row_at(2, YESTERDAY), "created_at": "soon"}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_row_without_a_readable_time_keeps_its_whole_range_open(
    partitions: Partitions, odd: Any
) -> None:
    workspace = Workspace(rows_of())

    def pages(after: int, before: int, page: int) -> ActivityPage:
        found = workspace(after, before, page)
        february = after == int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
        last = february and page == found.total
        return replace(found, rows=[*found.rows, odd]) if last else found

    done = fetch(pages, partitions, START, END)
    assert done.unread.count == 1
    assert done.gaps.startswith("1 row was not understood: ")
    assert {day.month for day in partitions.covered()} == {1, 3}
    assert len(ids(partitions)) == 400
    kept = (partitions.folder / "unread.jsonl").read_text().splitlines()
    assert json.loads(json.loads(kept[0])["row"]) == odd
    assert not fetch(workspace, partitions, START, END).gaps
    assert date(2026, 2, 10) in partitions.covered()
    assert not (partitions.folder / "unread.jsonl").exists()


def test_a_row_with_a_readable_time_keeps_its_day_open_alone(partitions: Partitions) -> None:
    rows = rows_of()
    rows[200]["performed_by"] = None
    fetch(Workspace(rows), partitions, START, END)
    open_days = set(days_between(START.date(), END.date())) - partitions.covered()
    assert open_days == {datetime.fromtimestamp(rows[200]["created_at"], UTC).date(), END.date()}


@pytest.mark.parametrize("lie", LIES, ids=[lie.__name__ for lie in LIES])
def test_pages_that_are_not_all_there_close_no_day(
    partitions: Partitions, lie: Callable[[ActivityPage], ActivityPage]
) -> None:
    workspace = Workspace(rows_of())

    def pages(after: int, before: int, page: int) -> ActivityPage:
        return lie(workspace(after, before, page))

    done = fetch(pages, partitions, START, END)
    assert "POST /admins/activity_logs/search" in done.gaps
    assert not {day for day in partitions.covered() if day.month == 2}
    assert workspace.calls < 400
    assert not fetch(workspace, partitions, START, END).gaps
    assert len(ids(partitions)) == 400


def test_a_server_that_ignores_the_period_closes_no_day(partitions: Partitions) -> None:
    workspace = Workspace(rows_of(30))
    wide = (int(START.timestamp()), int(END.timestamp()))
    done = fetch(lambda _a, _b, page: workspace(*wide, page), partitions, START, END)
    assert "outside the period" in done.gaps
    assert not partitions.covered()


def test_a_range_without_any_row_is_asked_for_again(partitions: Partitions) -> None:
    fetch(Workspace([]), partitions, START, END)
    assert not partitions.covered()
    fetch(Workspace(rows_of()), partitions, START, END)
    assert len(ids(partitions)) == 400


def test_a_clock_that_is_ahead_closes_no_day_that_has_not_happened(partitions: Partitions) -> None:
    rows = rows_of()
    ahead = END + timedelta(days=20)
    done = fetch(Workspace(rows), partitions, START, ahead)
    assert "This machine's clock says 2026-03-22" in done.gaps
    assert max(partitions.covered()) == END.date() - timedelta(days=1)
    rows.append(row_at(999, END + timedelta(days=3)))
    workspace = Workspace(rows)
    workspace.at = ahead
    assert not fetch(workspace, partitions, START, ahead).gaps
    assert "999" in ids(partitions)


def test_without_a_date_no_day_is_closed(partitions: Partitions) -> None:
    workspace = Workspace(rows_of())
    done = fetch(lambda *asked: replace(workspace(*asked), at=None), partitions, START, END)
    assert "no Date" in done.gaps
    assert not partitions.covered()


@pytest.mark.parametrize("harm", HARMS, ids=[harm.__name__ for harm in HARMS])
def test_a_month_that_is_gone_or_altered_is_fetched_again(
    partitions: Partitions, harm: Callable[[Path], object]
) -> None:
    fetch(Workspace(rows_of()), partitions, START, END)
    with partitions.reading() as files:
        harm(files[1])
    assert {day.month for day in partitions.covered()} == {1, 3}
    workspace = Workspace(rows_of())
    fetch(workspace, partitions, START, END)
    assert len(ids(partitions)) == 400
    assert (date(2026, 2, 1), date(2026, 2, 28)) in workspace.asked


def test_what_nothing_lists_is_removed_and_never_read(partitions: Partitions) -> None:
    fetch(Workspace(rows_of()), partitions, START, END)
    with partitions.reading() as files:
        planted = files[0].with_name("2026-01.000099.parquet")
        shutil.copy(files[0], planted)
        assert planted not in files
    with partitions.reading() as files:
        assert planted not in files
    fetch(Workspace(rows_of()), partitions, START, END)
    assert not planted.exists()


def test_rows_of_different_pages_that_share_only_an_id_all_stay(partitions: Partitions) -> None:
    rows = [row | {"id": str(number % 10)} for number, row in enumerate(rows_of())]
    fetch(Workspace(rows), partitions, START, END)
    assert len(ids(partitions)) == 400


def test_a_page_with_the_same_row_twice_closes_no_day(partitions: Partitions) -> None:
    fetch(Workspace([row | {"id": "1"} for row in rows_of()]), partitions, START, END)
    assert not partitions.covered()


def test_the_rows_of_two_workspaces_never_mix(tmp_path: Path) -> None:
    one, other = (Partitions.of_workspace(tmp_path, name) for name in ("abc123", "def456"))
    fetch(Workspace(rows_of(30)), one, START, END)
    assert not other.covered()
    fetch(Workspace(rows_of(20)), other, START, END)
    assert (len(ids(one)), len(ids(other))) == (30, 20)
    assert {place.folder for place in Partitions.all_in(tmp_path)} == {
        *(one.folder, other.folder, tmp_path / "activity")
    }


@pytest.mark.parametrize("name", ["", "..", "a/b", "x" * 65, "ü"])
def test_a_workspace_with_a_strange_id_has_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(StateError, match="which workspace"):
        Partitions.of_workspace(tmp_path, name)


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

    coverage = Coverage()
    coverage.complete(days)
    start = begin + timedelta(days=first)
    last = start + timedelta(days=length)
    runs = list(PartitionWriter(Path("unused"), coverage).missing(start, last))
    asked = [f + timedelta(days=n) for f, t in runs for n in range((t - f).days + 1)]
    wanted = {start + timedelta(days=n) for n in range(length + 1)} - days
    assert sorted(asked) == sorted(wanted)
    assert all(f.month == t.month for f, t in runs)
