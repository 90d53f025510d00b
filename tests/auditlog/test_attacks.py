"""Every attack of the table in docs/auditlog.md, and what catches it.

`chain` is the log alone, `key` adds the root key, `head` the head in state.db. What can't be caught
is asserted too, so that the table stays true.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.auditlog.entries import CHECKPOINT, digest
from helpers.auditlog.records import Anchor, LogVerdict
from helpers.auditlog.seal_key_store import SealKeyStore
from helpers.auditlog.seals import ratchet, seal_of
from helpers.auditlog.segments import segments
from helpers.auditlog.verification import verify
from tests.auditlog.builders import ROOT, Bench, edited, rechained

Lines = list[bytes]
_AT = 150  # the record that is attacked: behind the first seal, before the last


@pytest.fixture
def sealed(bench: Bench) -> Bench:
    bench.fill(320, sealed=True)
    return bench


def _edit(lines: Lines) -> Lines:
    return [*lines[:_AT], edited(lines[_AT], result="failure"), *lines[_AT + 1 :]]


def _delete(lines: Lines) -> Lines:
    return lines[:_AT] + lines[_AT + 1 :]


def _insert(lines: Lines) -> Lines:
    return [*lines[:_AT], edited(lines[_AT], action="demo.forged"), *lines[_AT:]]


def _reorder(lines: Lines) -> Lines:
    return [*lines[:_AT], lines[_AT + 1], lines[_AT], *lines[_AT + 2 :]]


def _duplicate(lines: Lines) -> Lines:
    return [*lines[: _AT + 1], lines[_AT], *lines[_AT + 1 :]]


ATTACKS = [_edit, _delete, _insert, _reorder, _duplicate]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_chain_alone_finds_what_was_changed_without_hashing_anew(
    sealed: Bench, attack: Callable[[Lines], Lines]
) -> None:
    sealed.rewrite(attack)
    found = sealed.verify()
    assert found.verdict is LogVerdict.TAMPERED
    assert found.first_bad.startswith(("record 15", "record 14"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_seals_find_what_was_changed_and_hashed_anew(
    sealed: Bench, attack: Callable[[Lines], Lines]
) -> None:
    sealed.rewrite(lambda lines: rechained(attack(lines), _AT))
    assert sealed.verify().verdict is not LogVerdict.INTACT  # the chain alone may not see it
    assert sealed.verify(key=True).verdict is LogVerdict.TAMPERED


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_noted_head_finds_what_was_changed_and_hashed_anew(
    sealed: Bench, attack: Callable[[Lines], Lines]
) -> None:
    sealed.rewrite(lambda lines: rechained(attack(lines), _AT))
    assert sealed.verify(noted=True).verdict in (LogVerdict.TAMPERED, LogVerdict.TRUNCATED)


def test_an_anchor_from_a_report_finds_it_on_a_copy_of_the_folder(sealed: Bench) -> None:
    head = sealed.head()
    assert head
    sealed.rewrite(lambda lines: rechained(_edit(lines), _AT))
    copy = sealed.backup()
    assert verify(copy, anchors=[head]).verdict is LogVerdict.TAMPERED
    short = Anchor(seq=head.seq, hash=head.hash[:16])
    assert verify(copy, anchors=[short]).verdict is LogVerdict.TAMPERED


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_log_that_is_cut_at_any_byte_is_truncated_by_its_noted_head(
    sealed: Bench, data: st.DataObject
) -> None:
    (segment,) = segments(sealed.folder)
    whole = segment.read_bytes()
    segment.write_bytes(whole[: data.draw(st.integers(1, len(whole) - 2))])
    try:
        assert sealed.verify(noted=True).verdict is LogVerdict.TRUNCATED
    finally:
        segment.write_bytes(whole)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_flipped_bit_is_found_with_the_noted_head(sealed: Bench, data: st.DataObject) -> None:
    (segment,) = segments(sealed.folder)
    whole = segment.read_bytes()
    flipped = bytearray(whole)
    flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    segment.write_bytes(flipped)
    try:
        assert sealed.verify(noted=True).verdict in (LogVerdict.TAMPERED, LogVerdict.TRUNCATED)
    finally:
        segment.write_bytes(whole)


def test_a_tail_cut_at_a_seal_escapes_the_seals_and_not_the_noted_head(sealed: Bench) -> None:
    last = max(i for i, line in enumerate(sealed.lines()) if b'"log.checkpoint"' in line)
    sealed.rewrite(lambda lines: lines[: last + 1])
    assert sealed.verify(key=True).verdict is LogVerdict.INTACT  # said so in the docs
    assert sealed.verify(key=True, noted=True).verdict is LogVerdict.TRUNCATED


def test_a_cut_tail_is_told_for_ever_once_the_writer_has_gone_on(sealed: Bench) -> None:
    sealed.rewrite(lambda lines: lines[:200])
    sealed.fill(5)
    found = sealed.verify(key=True)
    assert found.verdict is LogVerdict.TRUNCATED
    assert "knew record" in found.problem


def test_an_old_copy_with_its_database_is_found_by_an_anchor_alone(bench: Bench) -> None:
    bench.fill(120, sealed=True)
    old = bench.base / "old"
    shutil.copytree(bench.folder, old / "audit")
    shutil.copytree(bench.state, old / "state")
    last = bench.fill(120)
    shutil.rmtree(bench.folder)
    shutil.rmtree(bench.state)
    shutil.copytree(old / "audit", bench.folder)
    shutil.copytree(old / "state", bench.state)
    assert (
        bench.verify(key=True, noted=True).verdict is LogVerdict.INTACT
    )  # can't be told from inside
    assert verify(bench.folder, anchors=[last]).verdict is LogVerdict.TRUNCATED


def test_a_stolen_current_key_does_not_sign_the_past(sealed: Bench) -> None:
    stolen = SealKeyStore(sealed.state / "keys" / "seal.key").read()
    assert stolen
    assert stolen.epoch >= 3

    def forge(lines: Lines) -> Lines:
        """Edit, hash anew, and put seals of the stolen key wherever a seal stood."""
        changed = rechained(_edit(lines), _AT)
        for number, line in enumerate(changed):
            record = json.loads(line)
            if number > _AT and record["action"] == CHECKPOINT:
                metadata = record["metadata"]
                key = stolen.key
                seal = seal_of(
                    key, epoch=metadata["epoch"], seq=number, prev=digest(changed[number - 1])
                )
                changed[number] = edited(line, metadata={**metadata, "seal": seal})
                changed = rechained(changed, number)
        return changed

    sealed.rewrite(forge)
    assert sealed.verify(key=True).verdict is LogVerdict.TAMPERED


def test_a_stolen_key_signs_from_its_epoch_on_and_only_the_head_tells(bench: Bench) -> None:
    bench.fill(150, sealed=True)
    stolen = SealKeyStore(bench.state / "keys" / "seal.key").read()
    assert stolen
    behind = stolen.sealed + 5
    bench.rewrite(
        lambda lines: rechained(
            [*lines[:behind], edited(lines[behind], result="failure"), *lines[behind + 1 :]], behind
        )
    )
    assert bench.verify(key=True).verdict is LogVerdict.INTACT  # said so in the docs
    assert bench.verify(key=True, noted=True).verdict is LogVerdict.TAMPERED


def test_removed_seals_are_missed(sealed: Bench) -> None:
    def without(lines: Lines) -> Lines:
        return rechained([line for line in lines if b'"log.checkpoint"' not in line], 1)

    sealed.rewrite(without)
    assert sealed.verify(key=True).verdict is LogVerdict.TAMPERED
    assert "seals are missing" in sealed.verify(key=True).problem


def test_a_log_stripped_of_all_sealing_does_not_pass_for_unsealed(sealed: Bench) -> None:
    def without(lines: Lines) -> Lines:
        kept = [line for line in lines if b'"log.checkpoint"' not in line]
        return rechained([line for line in kept if b'"log.sealing"' not in line], 1)

    sealed.rewrite(without)
    assert sealed.verify(key=True).verdict is LogVerdict.TAMPERED
    assert sealed.verify(require_seals=True).verdict is LogVerdict.UNVERIFIED


def test_sealing_under_a_key_of_ones_own_is_found(sealed: Bench) -> None:
    sealed.base.joinpath("state/keys/seal.key").unlink()
    with sealed.open() as log:
        log.start_sealing()
    found = sealed.verify(key=True)
    assert found.verdict is LogVerdict.TAMPERED
    assert "root key that was not given" in found.problem


def test_sealing_may_go_on_under_a_second_key_that_is_given_too(sealed: Bench) -> None:
    with sealed.open() as log:
        second = log.start_sealing()
        log.append("demo.act")
        log.seal()
    assert verify(sealed.folder, root_keys=[ROOT, second]).verdict is LogVerdict.INTACT


def test_a_seal_that_was_left_out_makes_a_gap_in_the_epochs(sealed: Bench) -> None:
    first = next(i for i, line in enumerate(sealed.lines()) if b'"log.checkpoint"' in line)
    sealed.rewrite(lambda lines: rechained(lines[:first] + lines[first + 90 :], first))
    assert sealed.verify(key=True).verdict in (LogVerdict.TAMPERED, LogVerdict.TRUNCATED)


def test_swapped_segments_are_found(bench: Bench) -> None:
    bench.fill(5)
    bench.clock.on(days=31)
    bench.fill(5)
    first, second = segments(bench.folder)
    keep = first.read_bytes()
    first.chmod(0o600)
    first.write_bytes(second.read_bytes())
    second.write_bytes(keep)
    assert bench.verify(noted=True).verdict in (LogVerdict.TAMPERED, LogVerdict.TRUNCATED)


def test_a_missing_segment_is_found(bench: Bench) -> None:
    for _ in range(3):
        bench.fill(5)
        bench.clock.on(days=31)
    first, second, _ = segments(bench.folder)
    keep = second.read_bytes()
    second.unlink()
    found = bench.verify()
    assert found.verdict is LogVerdict.TAMPERED
    assert "missing" in found.problem
    second.write_bytes(keep)
    first.unlink()
    assert bench.verify(noted=True).verdict is LogVerdict.TRUNCATED


def test_a_segment_under_another_name_is_found(bench: Bench) -> None:
    bench.fill(5)
    bench.clock.on(days=31)
    bench.fill(5)
    _, second = segments(bench.folder)
    second.rename(second.with_name("2026-05.jsonl"))
    assert "another month" in bench.verify().problem


def test_bytes_between_the_records_are_found(sealed: Bench) -> None:
    sealed.rewrite(lambda lines: [*lines[:_AT], b"not a record", *lines[_AT:]])
    assert sealed.verify(noted=True).verdict is LogVerdict.TAMPERED


def test_a_recovery_can_not_be_invented_to_hide_a_record(bench: Bench) -> None:
    bench.fill(20)

    def hide(lines: Lines) -> Lines:
        torn = {"torn": digest(lines[10]), "torn_bytes": len(lines[10])}
        recovery = edited(lines[10], action="log.recovery", metadata=torn)
        return [*lines[:10], b"x" + lines[10], recovery, *lines[11:]]

    bench.rewrite(hide)
    assert bench.verify(noted=True).verdict is LogVerdict.TAMPERED


def test_nothing_outside_means_unverified_never_intact(sealed: Bench) -> None:
    found = sealed.verify()
    assert found.verdict is LogVerdict.UNVERIFIED
    assert "Nothing outside" in found.problem


def test_an_empty_folder_is_unverified(bench: Bench) -> None:
    assert bench.verify().verdict is LogVerdict.UNVERIFIED


@pytest.mark.parametrize("epochs", [1, 7])
def test_no_earlier_key_follows_from_a_later_one(epochs: int) -> None:
    key = ROOT
    for _ in range(epochs):
        key, before = ratchet(key), key
        assert key != before
        assert before not in (ratchet(key), key)


# The rows of the first table in docs/auditlog.md, and the tests that run each.
TABLE: dict[str, tuple[Callable[..., None], ...]] = {
    "edit, delete, insert, reorder, duplicate": (
        test_the_chain_alone_finds_what_was_changed_without_hashing_anew,
        test_bytes_between_the_records_are_found,
    ),
    "the same, with everything after it rehashed": (
        test_the_seals_find_what_was_changed_and_hashed_anew,
        test_the_noted_head_finds_what_was_changed_and_hashed_anew,
        test_an_anchor_from_a_report_finds_it_on_a_copy_of_the_folder,
    ),
    "any flipped bit": (test_any_flipped_bit_is_found_with_the_noted_head,),
    "cut at any byte": (test_a_log_that_is_cut_at_any_byte_is_truncated_by_its_noted_head,),
    "cut exactly at a seal": (test_a_tail_cut_at_a_seal_escapes_the_seals_and_not_the_noted_head,),
    "the same, after the writer has continued": (
        test_a_cut_tail_is_told_for_ever_once_the_writer_has_gone_on,
    ),
    "old copy of the log *and* of `state.db`": (
        test_an_old_copy_with_its_database_is_found_by_an_anchor_alone,
    ),
    "forged past with a stolen current key": (
        test_a_stolen_current_key_does_not_sign_the_past,
        test_no_earlier_key_follows_from_a_later_one,
    ),
    "forged since the last seal with a stolen current key": (
        test_a_stolen_key_signs_from_its_epoch_on_and_only_the_head_tells,
    ),
    "seals removed; all sealing removed": (
        test_removed_seals_are_missed,
        test_a_log_stripped_of_all_sealing_does_not_pass_for_unsealed,
        test_a_seal_that_was_left_out_makes_a_gap_in_the_epochs,
    ),
    "sealing under another key": (
        test_sealing_under_a_key_of_ones_own_is_found,
        test_sealing_may_go_on_under_a_second_key_that_is_given_too,
    ),
    "segments swapped, renamed, one missing in the middle": (
        test_swapped_segments_are_found,
        test_a_segment_under_another_name_is_found,
        test_a_missing_segment_is_found,
    ),
    "beginning removed without a tombstone": (test_a_missing_segment_is_found,),
    "record hidden by a forged recovery": (test_a_recovery_can_not_be_invented_to_hide_a_record,),
}


def test_the_rows_of_the_first_table_are_those_that_are_run() -> None:
    page = Path(__file__).parents[2].joinpath("docs/auditlog.md").read_text("utf-8")
    table = page.partition("| attack | chain |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE) == list(TABLE)
