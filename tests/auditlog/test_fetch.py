"""Fetching Intercom's activity log: incremental, resumable, nothing twice, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.auditlog.activity import fetch
from helpers.auditlog.database import opened
from helpers.auditlog.incoming import usable
from helpers.auditlog.partitions import Partitions
from helpers.auditlog.questions import Inquiry, ask
from helpers.errors import StateError, UnreachableError

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


def _row(number: int, at: datetime, kind: str = "macro_update") -> dict[str, Any]:
    by = {"type": "admin", "id": "1", "email": "ann@example.com", "ip": "192.0.2.1"}
    moment = int(at.timestamp())
    told = {"activity_type": kind, "activity_description": "d", "metadata": {}}
    return {"id": str(number), "performed_by": by, "created_at": moment, **told}


def _rows(count: int = 400) -> list[dict[str, Any]]:
    step = (END - START) / count
    return [_row(n, START + n * step) for n in range(count)]


def _ids(partitions: Partitions) -> list[str]:
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
    workspace = Workspace(_rows(), newest_first=newest_first)
    done = fetch(workspace, partitions, START, END)
    assert done.rows == 400
    assert len(_ids(partitions)) == len(set(_ids(partitions))) == 400
    assert [file.stem for file in partitions.files()] == ["2026-01", "2026-02", "2026-03"]


def test_no_closed_day_is_asked_for_twice(partitions: Partitions) -> None:
    workspace = Workspace(_rows())
    fetch(workspace, partitions, START, END)
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert workspace.asked == [(END.date(), END.date())]


def test_a_day_is_closed_an_hour_after_its_end(partitions: Partitions) -> None:
    early = END.replace(hour=0, minute=30)
    fetch(Workspace(_rows()), partitions, START, early)
    assert early.date() - timedelta(days=1) not in partitions.covered()
    fetch(Workspace(_rows()), partitions, START, early.replace(hour=2))
    assert early.date() - timedelta(days=1) in partitions.covered()


def test_today_grows_without_duplicates(partitions: Partitions) -> None:
    rows = _rows()
    workspace = Workspace(rows)
    fetch(workspace, partitions, START, END)
    rows.append(_row(999, END + timedelta(hours=1)))
    fetch(workspace, partitions, START, END + timedelta(hours=2))
    assert len(_ids(partitions)) == 401


@pytest.mark.parametrize("fail_at", [1, 2, 5, 12, 30])
def test_an_interrupted_fetch_keeps_what_came_and_goes_on(
    partitions: Partitions, fail_at: int
) -> None:
    workspace = Workspace(_rows())
    workspace.fail_at = fail_at
    with pytest.raises(UnreachableError):
        fetch(workspace, partitions, START, END)
    kept = set(partitions.covered())
    workspace.fail_at = 0
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert len(_ids(partitions)) == 400
    for first, last in workspace.asked:
        assert not kept & {first + timedelta(days=n) for n in range((last - first).days + 1)}


def test_a_gap_is_found_and_filled(partitions: Partitions) -> None:
    workspace = Workspace(_rows())
    middle = START + timedelta(days=20)
    fetch(workspace, partitions, START, middle)
    fetch(workspace, partitions, END - timedelta(days=5), END)
    workspace.asked.clear()
    fetch(workspace, partitions, START, END)
    assert len(workspace.asked) <= 4
    assert len(_ids(partitions)) == 400


def test_unknown_kinds_and_rows_without_a_shape_are_no_trouble(partitions: Partitions) -> None:
    odd = [_row(1, END - timedelta(days=1), "brand_new_thing")]
    workspace = Workspace(odd)

    def pages(after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        found, total = workspace(after, before, page)
        return [*found, None, "text", {"id": None}, {"id": "2", "created_at": "soon"}], total

    fetch(pages, partitions, START, END)
    assert _ids(partitions) == ["1"]


def test_files_are_for_the_owner_alone(partitions: Partitions) -> None:
    fetch(Workspace(_rows(20)), partitions, START, END)
    assert {f.stat().st_mode & 0o777 for f in partitions.folder.iterdir()} == {0o600}
    assert partitions.folder.stat().st_mode & 0o777 == 0o700


def test_progress_is_told_with_the_time_left(
    partitions: Partitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 10_000, 2))
    monkeypatch.setattr("helpers.auditlog.activity.time.monotonic", lambda: next(ticks))
    told: list[str] = []
    fetch(Workspace(_rows()), partitions, START, END, progress=told.append)
    assert told
    assert all("rows, about" in line and "s left" in line for line in told)


def test_old_months_can_be_forgotten(partitions: Partitions) -> None:
    fetch(Workspace(_rows()), partitions, START, END)
    assert partitions.forget(date(2026, 3, 1)) == ["2026-01", "2026-02"]
    assert {day.month for day in partitions.covered()} == {3}


def test_a_damaged_coverage_costs_a_fetch_and_no_row(partitions: Partitions) -> None:
    fetch(Workspace(_rows()), partitions, START, END)
    (partitions.folder / "coverage.json").write_text("{not json")
    fetch(Workspace(_rows()), partitions, START, END)
    assert len(_ids(partitions)) == 400


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    from helpers.errors import RunbookError

    (tmp_path / "activity").write_text("")
    with pytest.raises(RunbookError):
        fetch(Workspace(_rows(20)), Partitions(tmp_path / "activity"), START, END)


def test_a_damaged_month_is_a_clear_error(partitions: Partitions) -> None:
    fetch(Workspace(_rows()), partitions, START, END)
    partitions.files()[-1].write_bytes(b"not parquet")
    with pytest.raises(StateError):
        fetch(Workspace(_rows()), partitions, START, END)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
_NAMES = ("id", "created_at", "performed_by", "metadata", "activity_type", "activity_description")
_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(_NAMES, _JSON),
        "id": st.text() | _JSON,
        "created_at": st.integers(-1, 2**40) | _JSON,
        "ID": _JSON,
    },
)


@settings(max_examples=20, deadline=None)
@given(st.lists(_ITEMS | _JSON, max_size=30))
def test_rows_of_any_shape_are_taken_or_left_and_break_nothing(items: list[Any]) -> None:
    with TemporaryDirectory() as name:
        partitions = Partitions(Path(name) / "activity")
        with partitions.receiving() as incoming:
            incoming.take(items)
        wanted = {json.dumps(item["id"]) for item in items if usable(item)}
        assert bool(partitions.files()) == bool(wanted)
        assert len(_ids(partitions)) <= len(wanted)
        summary, _ = ask(partitions.files(), Inquiry(datetime(1970, 1, 1, tzinfo=UTC), END, (), {}))
        assert summary.rows <= len(wanted)


@pytest.mark.parametrize(
    "odd",
    ["\ud800", "a\x00b", "\u2028", "'); DROP TABLE x; --", float("nan"), float("inf"), 2**70],
    ids=repr,
)
def test_text_that_is_no_text_and_numbers_that_are_none_are_kept_as_near_as_can_be(
    partitions: Partitions, odd: Any
) -> None:
    row = _row(1, END) | {"activity_description": odd, "metadata": {"odd": odd}}
    with partitions.receiving() as incoming:
        incoming.take([row, _row(2, END)])
    assert _ids(partitions) == ["1", "2"]


def test_an_id_that_comes_again_stays_once_as_it_came_last(partitions: Partitions) -> None:
    for text in ("first", "second", "third"):
        with partitions.receiving() as incoming:
            incoming.take([_row(1, END) | {"activity_description": "spare"}])
            incoming.keep()
            incoming.take([_row(1, END) | {"activity_description": text}, _row(2, END)])
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT id, detail FROM read_parquet($1) ORDER BY id", [str(partitions.files()[0])]
        )
        assert found.fetchall() == [("1", "third"), ("2", "d")]


def test_parts_of_a_killed_fetch_are_merged_by_the_next(partitions: Partitions) -> None:
    child = f"""
import os, signal
from pathlib import Path
from helpers.auditlog.partitions import Partitions
with Partitions(Path({str(partitions.folder)!r})).receiving() as incoming:
    incoming.take([{_row(1, END)!r}])
    incoming.keep()
    incoming.take([{_row(2, END)!r}])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", child], check=False).returncode == -9
    assert not partitions.files()
    with partitions.receiving():
        assert _ids(partitions) == ["1"]
    left = {file.name for file in partitions.folder.iterdir()}
    assert left == {".lock", "2026-03.parquet"}


def test_who_would_write_waits_for_who_does(partitions: Partitions) -> None:
    def second() -> None:
        with partitions.receiving() as incoming:
            incoming.take([_row(2, END)])

    with ThreadPoolExecutor(1) as pool:
        with partitions.receiving() as incoming:
            waiting = pool.submit(second)
            incoming.take([_row(1, END)])
            assert not waiting.done()
        waiting.result()
    assert _ids(partitions) == ["1", "2"]


def test_a_full_disk_is_a_clear_error_and_costs_no_row(partitions: Partitions) -> None:
    fetch(Workspace(_rows(20)), partitions, START, END)
    before = _ids(partitions)
    child = f"""
import resource, signal
from pathlib import Path
from helpers.auditlog.partitions import Partitions
from helpers.errors import StateError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
row = {_row(9, END)!r} | {{"activity_description": "x" * 99}}
try:
    with Partitions(Path({str(partitions.folder)!r})).receiving() as incoming:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        incoming.take([row | {{"id": str(number)}} for number in range(9999)])
except StateError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True)
    assert "The activity log" in done.stdout
    assert "Traceback" not in done.stderr
    assert _ids(partitions) == before


def test_nothing_spills_into_the_current_folder(
    partitions: Partitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with opened(partitions.folder) as database:
        (found,) = database.execute("SELECT current_setting('temp_directory')").fetchall()
    assert found == (str(partitions.folder / ".spill"),)


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
