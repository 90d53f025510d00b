"""A log that was wiped, replaced or begun anew is never taken for the one that the profile had."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.auditlog.entries import LogEvent, encode
from helpers.auditlog.expected import ACCEPTED, accept, verify_expected
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import LogVerdict, Verification
from helpers.auditlog.segments import entries
from helpers.auditlog.verification import EXIT_STATUS
from helpers.core.errors import StateError, UsageError
from tests.auditlog.builders import ACTOR, START, Bench, rechained

OWN = "the runbook's own log"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The runbook's own log: it lies in its state folder."""
    return Own(tmp_path)


class Own(Bench):
    @property
    def folder(self) -> Path:
        return self.base / "audit"

    @property
    def state(self) -> Path:
        return self.base

    def check(self, *, save: bool = True) -> Verification:
        found = verify_expected(self.folder, OWN, self.state, self.clock(), save=save)
        assert found
        return found


def _wipe(bench: Bench) -> None:
    shutil.rmtree(bench.folder)


def _wipe_and_begin_anew(bench: Bench) -> None:
    shutil.rmtree(bench.folder)
    bench.clock.on(hours=1)
    with bench.open(install_id="log-2") as log:
        log.append("demo.act")


def _rehash_under_another_name(bench: Bench) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        return rechained([lines[0].replace(b"log-1", b"log-2"), *lines[1:]], 0)

    bench.rewrite(change)


def _remove_every_seal(bench: Bench) -> None:
    def unsealed(lines: list[bytes]) -> list[bytes]:
        kept = [line for line in lines if b"log.checkpoint" not in line and b"sealing" not in line]
        return rechained(kept, 0)

    (bench.state / "state.db").unlink()
    bench.rewrite(unsealed)


def _remove_the_head(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.state / "state.db")) as database, database:
        database.execute("DELETE FROM audit_heads")


def _date_it_in_the_future(bench: Bench) -> None:
    bench.clock.now = datetime.now(UTC) + timedelta(days=400)
    bench.fill(1)
    bench.clock.now = START


def _emptied(*name: str) -> Callable[[Bench], None]:
    def attack(bench: Bench) -> None:
        path = bench.state.joinpath(*name)
        path.chmod(0o600)
        path.write_bytes(b"")

    return attack


def _write_a_review(bench: Bench) -> None:
    event = LogEvent("review.signed", metadata={"reviewer": "Nobody"})
    line = encode(event, seq=99, at=bench.clock(), user=ACTOR, prev="0" * 64)
    bench.rewrite(lambda lines: [*lines, line])


# The rows of the table in docs/auditlog.md: the attack, and the exit status of `verify`; None if
# the command refuses with an error.
TABLE: dict[str, tuple[Callable[[Bench], None], int | None]] = {
    "the folder is removed": (_wipe, 13),
    "the folder is removed, and a log is started again": (_wipe_and_begin_anew, 14),
    "every record is rehashed under another install id": (_rehash_under_another_name, 14),
    "`state.db` and every seal are removed, the rest is rehashed, the seal key stays": (
        _remove_every_seal,
        14,
    ),
    "the head is removed from `state.db`": (_remove_the_head, 3),
    "the newest record is dated in the future": (_date_it_in_the_future, 3),
    "`state.db` is emptied": (_emptied("state.db"), None),
    "`keys/salt` is emptied": (_emptied("keys", "salt"), None),
    "`keys/seal.key` is emptied": (_emptied("keys", "seal.key"), None),
    "an unchained `review.signed` is written into the runbook's own log": (_write_a_review, 14),
}


def test_the_documented_attacks_are_those_that_are_run() -> None:
    page = Path(__file__).parents[2].joinpath("docs/auditlog.md").read_text("utf-8")
    table = page.partition("| attack | `verify` on the profile |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[1:]]
    stated = {
        attack: int(found.group()) if (found := re.match(r"\d+", status)) else None
        for attack, status in rows
    }
    assert stated == {attack: status for attack, (_, status) in TABLE.items()}


@pytest.mark.parametrize(("attack", "status"), TABLE.values(), ids=TABLE)
def test_an_attack_ends_with_its_documented_status(
    bench: Own, attack: Callable[[Bench], None], status: int | None
) -> None:
    bench.fill(20, sealed=True)
    assert bench.check().verdict is LogVerdict.INTACT
    attack(bench)
    for _ in range(3):  # an audit, and another one
        if status is None:
            with pytest.raises(StateError, match=r"damaged|can't be read"):
                _write_and_check(bench)
        else:
            assert EXIT_STATUS[bench.check().verdict] == status


def _write_and_check(bench: Own) -> None:
    with bench.open() as log:
        log.append("demo.act")
    bench.check()


def test_a_log_from_the_future_counts_again_once_the_clock_is_right(bench: Own) -> None:
    bench.fill(3)
    bench.check()
    _date_it_in_the_future(bench)
    found = bench.check()
    assert "dated in the future" in found.problem
    assert "clock" in found.notes[-1]
    bench.fill(1)
    assert bench.check().verdict is LogVerdict.INTACT


ATTACKS = [_wipe, _wipe_and_begin_anew, _rehash_under_another_name]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_log_that_is_not_the_expected_one_stays_broken(
    bench: Own, attack: Callable[[Bench], None]
) -> None:
    bench.fill(20)
    assert bench.check().verdict is LogVerdict.INTACT
    attack(bench)
    for _ in range(3):  # an audit, and another one
        found = bench.check()
        assert found.verdict in {LogVerdict.TAMPERED, LogVerdict.TRUNCATED}
        assert "log-1, which had 21 records" in found.problem
        assert "auditlog accept" in found.notes[0]


def test_a_person_can_accept_another_log_and_that_is_on_record(bench: Own) -> None:
    bench.fill(20)
    bench.check()
    head = bench.head()
    assert head
    _wipe_and_begin_anew(bench)
    with bench.open() as log:
        with pytest.raises(UsageError):
            accept(log, bench.folder, OWN, " ")
        assert accept(log, bench.folder, OWN, "Ann Admin") == "log-1"
    (told,) = (entry.metadata for entry in entries(bench.folder) if entry.action == ACCEPTED)
    assert told == {
        "accepted_by": "Ann Admin",
        "new_log": "log-2",
        "old_hash": head.hash,
        "old_log": "log-1",
        "old_seq": head.seq,
    }
    assert bench.check().verdict is LogVerdict.INTACT
    with bench.open() as log, pytest.raises(UsageError, match="expected"):
        accept(log, bench.folder, OWN, "Ann Admin")


def test_a_log_of_an_earlier_version_is_adopted_with_its_head(bench: Own) -> None:
    bench.fill(20)  # saves a head; no identity is known yet
    assert bench.check().verdict is LogVerdict.INTACT
    moved = Own(bench.base.with_name("moved"))
    shutil.copytree(bench.base, moved.base)
    assert moved.check().verdict is LogVerdict.INTACT


def test_a_log_that_was_wiped_before_the_first_look_is_not_adopted(bench: Own) -> None:
    bench.fill(20)
    _wipe_and_begin_anew(bench)
    assert bench.check().verdict is LogVerdict.TAMPERED
    with bench.open() as log:
        accept(log, bench.folder, OWN, "Ann Admin")
    assert bench.check().verdict is LogVerdict.INTACT


def test_the_application_s_log_does_not_make_our_own_a_stranger(bench: Own) -> None:
    with AuditLog.open(bench.base / "app", bench.state, clock=bench.clock, install_id="app") as log:
        log.append("demo.act")
    bench.clock.on(hours=1)
    bench.fill(5)
    found = verify_expected(
        bench.folder, OWN, bench.state, bench.clock(), others=[bench.base / "app"]
    )
    assert found
    assert found.verdict is LogVerdict.INTACT


def test_a_new_profile_has_no_log_and_expects_none(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert verify_expected(tmp_path / "audit", OWN, tmp_path, now) is None


def test_looking_alone_saves_nothing(bench: Own) -> None:
    bench.fill(5)
    (bench.state / "state.db").unlink()
    assert [bench.check(save=False).verdict for _ in range(2)] == [LogVerdict.UNVERIFIED] * 2


def test_a_head_is_not_saved_over_one_that_is_gone(bench: Own) -> None:
    bench.fill(5)
    bench.check()
    _remove_the_head(bench)
    assert [bench.check().verdict for _ in range(2)] == [LogVerdict.UNVERIFIED] * 2


def test_a_seal_key_without_its_seals_is_tampering(bench: Own) -> None:
    bench.fill(20, sealed=True)
    with bench.open() as log:
        log.seal()
    assert bench.check().verdict is LogVerdict.INTACT
    _remove_every_seal(bench)
    found = bench.check()
    assert found.verdict is LogVerdict.TAMPERED
    assert "seal key stands at record" in found.problem
