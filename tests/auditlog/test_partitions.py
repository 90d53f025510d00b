"""Rows on the disk: any shape, any number, any end of the process, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.auditlog.activity import fetch
from helpers.auditlog.activity_rows import UnreadRows, problem_of
from helpers.auditlog.database import open_database
from helpers.auditlog.partitions import Partitions
from tests.auditlog.test_fetch import END, START, Workspace, ids, row_at, rows_of


@pytest.fixture
def partitions(tmp_path: Path) -> Partitions:
    return Partitions(tmp_path / "activity")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
_ODD_TEXT = st.text(st.characters(), max_size=20)  # with lone surrogates
_TIMES = st.integers(-1, 2**70) | st.integers(1_760_000_000, 1_772_000_000)
_BY = st.fixed_dictionaries(
    {"id": _ODD_TEXT | _JSON, "ip": st.sampled_from(["192.0.2.1", "::1", None, ""]) | _JSON},
    optional={"email": _ODD_TEXT | _JSON},
)
_ITEMS = st.fixed_dictionaries(
    {
        "id": _ODD_TEXT | _JSON,
        "created_at": _TIMES | _JSON,
        "performed_by": _BY | _JSON,
        "activity_type": st.sampled_from(["macro_update", "admin_login_success"]) | _JSON,
    },
    optional={
        "metadata": st.dictionaries(st.text(max_size=3), _JSON) | _JSON,
        "activity_description": _ODD_TEXT | _JSON,
        "ID": _JSON,
    },
)


@settings(max_examples=30, deadline=None)
@given(st.lists(_ITEMS | _JSON, max_size=30))
def test_rows_of_any_shape_are_kept_or_counted_and_break_nothing(items: list[Any]) -> None:
    with TemporaryDirectory() as name:
        partitions = Partitions(Path(name) / "activity")
        unread = UnreadRows()
        with partitions.ingest() as writer:
            understood = [item for item in items if not problem_of(item)]
            writer.add(understood)
            for item in items:
                if problem_of(item):
                    unread.add(item, problem_of(item), [END.date()])
            writer.save_unread(unread)
        assert unread.count + len(understood) == len(items)
        assert bool(unread.summary()) == bool(unread.count)
        same = {(i["id"], i["created_at"], i["activity_type"]) for i in understood}
        assert bool(ids(partitions)) == bool(understood)
        assert len(ids(partitions)) <= len(understood)
        assert len(ids(partitions)) >= len(same) or any(c >= "\ud800" for i in same for c in i[0])


@pytest.mark.parametrize(
    "odd",
    ["\ud800", "a\x00b", "\u2028", "'); DROP TABLE x; --", float("nan"), float("inf"), 2**70],
    ids=repr,
)
def test_text_that_is_no_text_and_numbers_that_are_none_are_kept_as_near_as_can_be(
    partitions: Partitions, odd: Any
) -> None:
    row = row_at(1, END) | {"activity_description": odd, "metadata": {"odd": odd}}
    with partitions.ingest() as writer:
        writer.add([row, row_at(2, END)])
    assert ids(partitions) == ["1", "2"]


def test_an_id_that_comes_again_stays_once_as_it_came_last(partitions: Partitions) -> None:
    for text in ("first", "second", "third"):
        with partitions.ingest() as writer:
            writer.add([row_at(1, END) | {"activity_description": "spare"}])
            writer.flush()
            writer.add([row_at(1, END) | {"activity_description": text}, row_at(2, END)])
    with partitions.reading() as files, duckdb.connect() as database:
        found = database.execute(
            "SELECT id, detail FROM read_parquet($1) ORDER BY id", [str(files[0])]
        )
        assert found.fetchall() == [("1", "third"), ("2", "d")]


def test_parts_of_a_killed_fetch_are_merged_by_the_next(partitions: Partitions) -> None:
    child = f"""
import os, signal
from pathlib import Path
from helpers.auditlog.partitions import Partitions
with Partitions(Path({str(partitions.folder)!r})).ingest() as writer:
    writer.add([{row_at(1, END)!r}])
    writer.flush()
    writer.add([{row_at(2, END)!r}])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", child], check=False).returncode == -9
    with partitions.ingest():
        pass
    assert ids(partitions) == ["1"]
    left = {file.name for file in partitions.folder.iterdir()}
    assert left == {".lock", "coverage.json", "2026-03.000001.parquet"}


def test_who_would_write_waits_for_who_does(partitions: Partitions) -> None:
    def second() -> None:
        with partitions.ingest() as writer:
            writer.add([row_at(2, END)])

    with ThreadPoolExecutor(1) as pool:
        with partitions.ingest() as writer:
            waiting = pool.submit(second)
            writer.add([row_at(1, END)])
            assert not waiting.done()
        waiting.result()
    assert ids(partitions) == ["1", "2"]


def test_a_full_disk_is_a_clear_error_and_costs_no_row(partitions: Partitions) -> None:
    fetch(Workspace(rows_of(20)), partitions, START, END)
    before = ids(partitions)
    child = f"""
import resource, signal
from pathlib import Path
from helpers.auditlog.partitions import Partitions
from helpers.core.errors import StateError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
row = {row_at(9, END)!r} | {{"activity_description": "x" * 99}}
try:
    with Partitions(Path({str(partitions.folder)!r})).ingest() as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        writer.add([row | {{"id": str(number)}} for number in range(9999)])
except StateError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True)
    assert "The activity log" in done.stdout
    assert "Traceback" not in done.stderr
    assert ids(partitions) == before


def test_a_folder_that_may_not_be_written_is_a_clear_error(partitions: Partitions) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody who may not")
    fetch(Workspace(rows_of(20)), partitions, START, END)
    before = ids(partitions)
    for path in (partitions.folder, *partitions.folder.parents[:3]):
        path.chmod(0o755)
    child = f"""
import os
from datetime import date
from pathlib import Path
from helpers.auditlog.partitions import Partitions
from helpers.core.errors import StateError
os.setgid(65534); os.setuid(65534)
place = Partitions(Path({str(partitions.folder)!r}))
try:
    open(place.folder / "mine", "w")
except PermissionError:
    print("refused")
for act in (lambda: place.ingest().__enter__(), lambda: place.forget(date(2030, 1, 1))):
    try:
        act()
    except StateError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True)
    refused, *errors = done.stdout.splitlines()
    assert refused == "refused"
    assert done.stdout.count("permission denied") == done.stdout.count("write access") == 2
    assert errors
    assert ids(partitions) == before


def test_nothing_spills_into_the_current_folder(
    partitions: Partitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with open_database(partitions.folder) as database:
        (found,) = database.execute("SELECT current_setting('temp_directory')").fetchall()
    assert found == (str(partitions.folder / ".spill"),)
