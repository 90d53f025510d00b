from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.entries import LogEvent, canonical, parse
from helpers.auditlog.heads import read_head
from helpers.auditlog.log import record
from helpers.auditlog.records import LogVerdict
from helpers.auditlog.seal_key_store import SealKeyStore
from helpers.auditlog.seals import EVERY, key_id, read_root_key
from helpers.auditlog.segments import entries, segments
from helpers.core.errors import UsageError
from tests.auditlog.builders import ROOT, Bench

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_canonical_json_has_one_spelling_on_one_line(value: Any) -> None:
    spelled = canonical(value)
    assert b"\n" not in spelled
    assert spelled.isascii()
    assert canonical(json.loads(spelled)) == spelled


@pytest.mark.parametrize("value", [1.5, [0.1], {"a": float("nan")}, 2**53, {"deep": [2**60]}])
def test_what_has_more_than_one_spelling_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"encoding|readers"):
        canonical(value)


@given(st.binary(max_size=300))
def test_parsing_takes_any_bytes(line: bytes) -> None:
    assert parse(line) is None


def test_a_line_holds_the_documented_fields_in_order(bench: Bench) -> None:
    bench.fill(1)
    line = bench.lines()[1]
    assert list(json.loads(line)) == [
        *("action", "metadata", "prev", "resource", "result"),
        *("seq", "timestamp", "user", "v"),
    ]
    assert json.loads(line)["timestamp"] == "2026-03-02T09:00:00.000000Z"


def test_the_genesis_binds_the_install_id_and_the_schema(bench: Bench) -> None:
    bench.fill(1)
    genesis = json.loads(bench.lines()[0])
    assert genesis["metadata"] == {"install_id": "log-1", "schema": 1}
    assert genesis["prev"] == "0" * 64


def test_the_golden_line_is_as_it_was(bench: Bench) -> None:
    with bench.open() as log:
        log.append("intercom.contact.export", resource="export/17", rows=300)
    golden = Path(__file__).parents[1] / "golden" / "auditlog.jsonl"
    assert b"\n".join(bench.lines()) + b"\n" == golden.read_bytes()


def test_files_are_for_the_owner_alone(bench: Bench) -> None:
    bench.fill(1, sealed=True)
    (segment,) = segments(bench.folder)
    key = bench.state / "keys" / "seal.key"
    assert (segment.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o600, 0o400)
    assert bench.folder.stat().st_mode & 0o777 == 0o700


def test_a_month_ends_its_segment_which_becomes_read_only(bench: Bench) -> None:
    bench.fill(3, sealed=True)
    bench.clock.on(days=31)
    bench.fill(3)
    first, second = segments(bench.folder)
    assert first.stat().st_mode & 0o777 == 0o400
    assert b"log.checkpoint" in first.read_bytes().splitlines()[-1]
    begin = json.loads(second.read_bytes().splitlines()[0])
    assert begin["action"] == "log.segment"
    assert begin["metadata"]["head_hash"] == begin["prev"]
    assert bench.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def test_a_clock_that_goes_back_loses_nothing_and_is_told(bench: Bench) -> None:
    bench.fill(3)
    bench.clock.on(days=-40)
    bench.fill(3)
    assert [s.stem for s in segments(bench.folder)] == ["2026-03"]
    found = bench.verify(noted=True)
    assert found.verdict is LogVerdict.INTACT
    assert any("clock went back" in note for note in found.notes)


def test_two_writers_in_turn_continue_one_chain(bench: Bench) -> None:
    with bench.open() as one, bench.open() as two:
        for _ in range(20):
            one.append("demo.one")
            two.append("demo.two")
        bench.clock.on(days=31)
        two.append("demo.two")
        one.append("demo.one")
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT
    assert len(list(entries(bench.folder))) == 1 + 40 + 1 + 2


def test_threads_share_a_log(bench: Bench) -> None:
    with bench.open() as log:
        threads = [
            threading.Thread(target=lambda: [log.append("demo.act") for _ in range(25)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bench.verify(noted=True).records == 101


def test_bulk_is_sealed_every_hundred_records(bench: Bench) -> None:
    with bench.open() as log:
        log.start_sealing(root_key=ROOT)
        log.append_many(LogEvent("demo.bulk", {"id": str(n)}) for n in range(1050))
        log.seal()
    found = bench.verify(key=True)
    assert found.verdict is LogVerdict.INTACT
    assert found.seals >= 1050 // EVERY


def test_the_root_key_is_stored_nowhere(bench: Bench) -> None:
    bench.fill(3, sealed=True)
    with bench.open() as log:
        log.seal()
    for path in bench.base.rglob("*"):
        if path.is_file():
            assert ROOT not in path.read_bytes()
            assert ROOT.hex().encode() not in path.read_bytes()
    key = SealKeyStore(bench.state / "keys" / "seal.key").read()
    assert key
    assert key.root == key_id(ROOT)
    assert key.epoch >= 1


def test_a_root_key_file_is_read_with_its_line_feed(tmp_path: Path) -> None:
    file = tmp_path / "root"
    file.write_text(ROOT.hex() + "\n")
    assert read_root_key(file) == ROOT
    file.write_text("short")
    with pytest.raises(UsageError):
        read_root_key(file)


def test_closing_notes_the_head_apart_from_the_log(bench: Bench) -> None:
    last = bench.fill(3)
    assert bench.head() == last


def test_a_state_that_can_not_be_used_loses_no_record(bench: Bench) -> None:
    bench.fill(1)
    with bench.open() as log:
        (bench.state / "state.db").unlink()
        (bench.state / "state.db").mkdir()
        last = log.append("demo.act")
    assert log.head_error
    assert list(entries(bench.folder))[-1].hash == last.hash


def test_echo_gives_each_record_to_collectors(bench: Bench) -> None:
    stream = io.StringIO()
    with bench.open(echo=stream) as log:
        log.append("demo.act", resource="thing", rows=3)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("[AUDIT] {")
    assert json.loads(line.removeprefix("[AUDIT] "))["metadata"] == {"rows": 3}


def test_the_runbook_records_its_own_actions_in_the_profiles_log(tmp_path: Path) -> None:
    record(tmp_path, "rotation.done", resource="INTERCOM_ACCESS_TOKEN", reason="age")
    last = list(entries(tmp_path / "audit"))[-1]
    assert (last.action, last.metadata) == ("rotation.done", {"reason": "age"})
    assert read_head(tmp_path, _id_of(tmp_path)) is not None


def _id_of(state: Path) -> str:
    from helpers.auditlog.segments import log_id_of

    return log_id_of(state / "audit")


@pytest.mark.parametrize("action", ["log.checkpoint", "Upper.case", "", "with space"])
def test_an_action_that_is_none_is_refused(bench: Bench, action: str) -> None:
    with bench.open() as log, pytest.raises(ValueError, match=r"[Aa]ction"):
        log.append(action)


def test_times_of_other_zones_become_utc(bench: Bench) -> None:
    from datetime import timezone

    east = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    with bench.open() as log:
        log.append_many([LogEvent("demo.act", at=east)])
    assert list(entries(bench.folder))[-1].at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
