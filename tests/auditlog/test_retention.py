from __future__ import annotations

import json

import pytest

from helpers.auditlog.records import LogVerdict
from helpers.auditlog.retention import expire
from helpers.auditlog.segments import log_id_of, segments
from tests.auditlog.builders import Bench, rechained


@pytest.fixture(params=[True, False], ids=["sealed", "unsealed"])
def aged(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    """Six months of records."""
    for _ in range(6):
        bench.fill(30, sealed=request.param)
        bench.clock.on(days=31)
    return bench


def _expire(bench: Bench, days: int) -> tuple[str, ...]:
    with bench.open() as log:
        return expire(log, days, bench.clock())


def test_only_whole_old_segments_go_and_a_tombstone_stays(aged: Bench) -> None:
    sealed = (aged.state / "keys" / "seal.key").exists()
    gone = _expire(aged, 100)
    assert gone == ("2026-03", "2026-04")
    found = aged.verify(key=sealed, noted=True)
    assert found.verdict is LogVerdict.INTACT
    assert found.first_seq > 0
    assert log_id_of(aged.folder) == found.log == "log-1"
    aged.fill(5)
    assert aged.verify(key=sealed, noted=True).verdict is LogVerdict.INTACT


def test_expiring_twice_is_fine(aged: Bench) -> None:
    _expire(aged, 130)
    _expire(aged, 70)
    assert _expire(aged, 70) == ()
    assert aged.verify(noted=True).verdict is LogVerdict.INTACT


def test_a_segment_that_went_without_a_tombstone_is_told(aged: Bench) -> None:
    segments(aged.folder)[0].unlink()
    assert aged.verify(noted=True).verdict is LogVerdict.TRUNCATED


def test_a_tombstone_does_not_cover_more_than_it_names(aged: Bench) -> None:
    _expire(aged, 130)
    segments(aged.folder)[0].unlink()
    assert aged.verify(noted=True).verdict is LogVerdict.TRUNCATED


def test_a_forged_tombstone_without_a_seal_is_told(bench: Bench) -> None:
    for _ in range(3):
        bench.fill(10, sealed=True)
        bench.clock.on(days=31)
    first, second, third = segments(bench.folder)
    begin = json.loads(second.read_bytes().splitlines()[0])
    first.unlink()
    lines = third.read_bytes().splitlines()
    forged = json.loads(lines[-1]) | {"action": "log.expired"}
    forged["metadata"] = {"through_seq": begin["seq"] - 1, "through_hash": begin["prev"]}
    forged["seq"] += 1
    whole = [*lines, json.dumps(forged, sort_keys=True, separators=(",", ":")).encode()]
    last = rechained(whole, 0)[-1]
    record = json.loads(last)
    record["seq"] = forged["seq"]
    from helpers.auditlog.entries import canonical, digest

    record["prev"] = digest(lines[-1])
    third.chmod(0o600)
    third.write_bytes(b"".join(line + b"\n" for line in [*lines, canonical(record)]))
    assert bench.verify(key=True).verdict is not LogVerdict.INTACT


def test_the_current_month_never_goes(bench: Bench) -> None:
    bench.fill(3)
    bench.clock.on(days=900)
    with bench.open() as log:
        assert expire(log, 31, bench.clock()) != ()
    assert len(segments(bench.folder)) == 1
    assert _expire(bench, 31) == ()
