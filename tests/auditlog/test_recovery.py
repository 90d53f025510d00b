"""What a killed writer, a full disk and a folder without rights leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.auditlog.chain import Chain
from helpers.auditlog.entries import LogEvent
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import LogVerdict
from helpers.auditlog.seals import EVERY
from helpers.auditlog.segments import entries, segments
from helpers.auditlog.verification import verify
from helpers.core.errors import StateError
from tests.auditlog.builders import ROOT, Bench
from tests.conftest import HOME

_WRITER = """
import sys
from pathlib import Path
from helpers.auditlog.entries import LogEvent
from helpers.auditlog.log import AuditLog
with AuditLog.open(Path(sys.argv[1]) / "audit", Path(sys.argv[1]) / "state") as log:
    for number in range(100000):
        print(log.append("demo.act", count=number).hash, flush=True)
"""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_record_torn_at_any_byte_is_recovered_and_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    bench = Bench(tmp_path_factory.mktemp("torn"))
    bench.fill(3)
    (segment,) = segments(bench.folder)
    whole = segment.read_bytes()
    before = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    cut = data.draw(st.integers(before + 1, len(whole) - 1))
    segment.write_bytes(whole[:cut])
    (bench.state / "state.db").unlink()  # it was never acknowledged
    bench.fill(1)
    found = bench.verify(noted=True)
    assert found.verdict is LogVerdict.INTACT
    actions = [entry.action for entry in entries(bench.folder)]
    assert "log.recovery" in actions
    assert whole[:cut] in segment.read_bytes()  # nothing was cut away


def test_a_recovery_that_was_torn_too_is_recovered(bench: Bench) -> None:
    bench.fill(3)
    (segment,) = segments(bench.folder)
    with segment.open("ab") as stream:
        stream.write(b'{"half\n{"v":1,"seq":4,"action":"log.recov')
    bench.fill(2)
    found = bench.verify(noted=True)
    assert found.verdict is LogVerdict.INTACT
    assert any("recovered" in note for note in found.notes)


def test_a_torn_first_record_becomes_part_of_the_genesis(bench: Bench) -> None:
    bench.folder.mkdir()
    (bench.folder / "2026-03.jsonl").write_bytes(b'{"action":"log.gen')
    bench.fill(2)
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_a_torn_first_record_of_a_new_month_is_recovered(bench: Bench) -> None:
    bench.fill(2)
    (bench.folder / "2026-04.jsonl").write_bytes(b'{"action":"log.seg')
    bench.clock.on(days=31)
    bench.fill(2)
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_an_empty_new_month_is_gone_on_with(bench: Bench) -> None:
    bench.fill(2)
    (bench.folder / "2026-04.jsonl").touch()
    bench.clock.on(days=31)
    bench.fill(2)
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_a_crash_between_a_seal_and_the_next_key_is_survived(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpers.auditlog.seal_key_store import SealKeyStore

    bench.fill(50, sealed=True)
    with bench.open() as log, monkeypatch.context() as patch:
        patch.setattr(SealKeyStore, "write", _crash)
        with pytest.raises(KeyboardInterrupt):
            log.seal()
    bench.fill(120)
    assert bench.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def test_a_crash_between_the_last_record_and_its_seal_is_survived(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.fill(50, sealed=True)
    with bench.open() as log, monkeypatch.context() as patch:
        patch.setattr(AuditLog, "_checkpoint", _crash)
        with pytest.raises(KeyboardInterrupt):
            log.append_many([LogEvent("demo.before")] * EVERY)
    bench.fill(2)
    assert bench.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def _start(base: Path) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": str(HOME)}
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(base)], stdout=subprocess.PIPE, text=True, env=environ
    )


def test_eight_writers_that_are_killed_lose_nothing_that_was_acknowledged(bench: Bench) -> None:
    with AuditLog.open(bench.folder, bench.state) as log:
        log.start_sealing(root_key=ROOT)
    acknowledged: list[str] = []
    for _ in range(2):
        writers = [_start(bench.base) for _ in range(8)]
        for writer in writers:
            assert writer.stdout
            acknowledged.append(writer.stdout.readline().strip())  # every one has begun
        until = time.monotonic() + 0.3
        for writer in writers:
            time.sleep(max(until - time.monotonic(), 0) / 8)
            writer.send_signal(signal.SIGKILL)
            rest, _ = writer.communicate()
            acknowledged.extend(line for line in rest.split("\n")[:-1] if len(line) == 64)
    with AuditLog.open(bench.folder, bench.state) as log:
        log.append("demo.after")
    written = {entry.hash for entry in entries(bench.folder)}
    assert set(acknowledged) <= written
    assert len(acknowledged) > 16
    found = verify(bench.folder, root_keys=[ROOT])
    assert found.verdict is LogVerdict.INTACT, found


def test_a_full_disk_accepts_nothing_and_loses_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a small tmpfs can't be mounted here: needs root")
    try:
        accepted = []
        with AuditLog.open(small / "audit", tmp_path / "state") as log:
            with pytest.raises(StateError, match="no space left") as refused:  # noqa: PT012
                while True:
                    accepted.append(log.append("demo.act", note="x" * 700).hash)
            assert "was not accepted" in str(refused.value)
            subprocess.run(["mount", "-o", "remount,size=256k", str(small)], check=True)
            accepted.append(log.append("demo.after").hash)
        written = {entry.hash for entry in entries(small / "audit")}
        assert set(accepted) <= written
        assert len(accepted) > 10
        last = list(entries(small / "audit"))[-1]
        from helpers.auditlog.records import Anchor

        found = verify(small / "audit", anchors=[Anchor(seq=last.seq, hash=last.hash)])
        assert found.verdict is LogVerdict.INTACT
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_short_write_is_not_acknowledged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    bench.fill(1)
    with bench.open() as log:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2]))
            with pytest.raises(StateError, match="not accepted"):
                log.append("demo.lost")
        log.append("demo.after")
    assert [e.action for e in entries(bench.folder)][-2:] == ["log.recovery", "demo.after"]
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_after_a_failed_fsync_the_log_must_be_opened_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    bench.fill(1)
    log = bench.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StateError, match="not accepted"):
            log.append("demo.lost")
    with pytest.raises(StateError, match="uncertain"):
        log.append("demo.act")
    log._chain.close()
    bench.fill(1)
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_a_folder_that_may_not_be_written_is_a_clear_error(bench: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody who may not")
    bench.fill(1)
    for path in (bench.base, bench.folder, bench.state):
        path.chmod(0o755)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "import helpers.system.state\n"
        "from helpers.auditlog.log import AuditLog\n"
        "from helpers.core.errors import StateError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n AuditLog.open(Path(sys.argv[1])/'audit', Path(sys.argv[1])/'state')\n"
        "except StateError as error:\n print(error)\n"
    )
    for parent in (bench.base.parent, bench.base.parent.parent):
        parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", script, str(bench.base)],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        check=False,
    )
    assert "permission denied" in done.stdout, done.stderr
    assert "write access" in done.stdout
    assert bench.verify(noted=True).verdict is LogVerdict.INTACT


def test_a_chain_that_is_not_held_refuses(bench: Bench) -> None:
    from tests.auditlog.builders import ACTOR

    chain = Chain(bench.folder, clock=bench.clock, actor=ACTOR, install_id="x")
    with pytest.raises(StateError):
        _ = chain.head
    chain.close()
