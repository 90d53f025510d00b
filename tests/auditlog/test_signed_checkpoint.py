"""Checkpoints: the tree against published vectors and another implementation, and its use."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.merkle import MerkleTree, consistency_proof, is_consistent, leaf_hash
from helpers.auditlog.records import LogVerdict
from helpers.auditlog.signed_checkpoint import (
    Checkpoint,
    SigningKey,
    VerifierKey,
    checkpoint_of,
    compare,
    origin_of,
    read_checkpoint,
)
from helpers.core.errors import StateError, UsageError
from tests.auditlog.builders import Bench, edited, rechained
from tests.auditlog.test_commands import DESK, desk, run

__all__ = ["desk", "run"]

# the inputs and roots that implementations of Certificate Transparency are tested with
INPUTS = tuple(
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PROOFS = {
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
# the example in the documentation of Go's golang.org/x/mod/sumdb/note
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
    "RZb6KE6RyyBwJnAM="
)
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LEAVES = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


def simple_root(data: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1, as it stands there."""
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + simple_root(data[:k]) + simple_root(data[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert MerkleTree(map(leaf_hash, INPUTS[:size])).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("old", "new"), PROOFS)
def test_the_proofs_are_those_of_the_published_vectors(old: int, new: int) -> None:
    proof = consistency_proof([leaf_hash(data) for data in INPUTS[:new]], old)
    assert tuple(node.hex() for node in proof) == PROOFS[old, new]


@given(LEAVES, st.data())
def test_every_proof_holds_for_its_two_trees_and_no_other(
    inputs: list[bytes], data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, len(inputs)))
    leaves = [leaf_hash(one) for one in inputs]
    roots = simple_root(inputs[:old]), simple_root(inputs)
    assert MerkleTree(leaves).root == roots[1]
    proof = consistency_proof(leaves, old)
    assert is_consistent(old, roots[0], len(inputs), roots[1], proof)
    assert not is_consistent(old, bytes(32), len(inputs), roots[1], proof)
    assert not is_consistent(old, roots[0], len(inputs), bytes(32), proof)
    assert not is_consistent(old, roots[0], len(inputs), roots[1], [*proof, bytes(32)])
    if proof:
        assert not is_consistent(old, roots[0], len(inputs), roots[1], proof[:-1])


def test_a_note_of_another_implementation_is_read() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    import base64

    signature = base64.b64decode(GO_SIGNATURE.rpartition(" ")[2])
    assert key.signed(GO_TEXT, signature[4:])
    assert not key.signed(GO_TEXT.upper(), signature[4:])


@pytest.mark.parametrize(
    "text", ["", "a+b", GO_KEY[:-4], GO_KEY.replace("c74f", "c74e"), f"a {GO_KEY}", "a++"]
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        VerifierKey.parse(text)


@given(st.text(max_size=200))
def test_any_other_text_is_no_checkpoint_and_no_crash(text: str) -> None:
    try:
        _, trusted = read_checkpoint(text, [VerifierKey.parse(GO_KEY)])
    except UsageError:
        return
    assert not trusted


def signed(bench: Bench) -> tuple[SigningKey, str]:
    origin = origin_of("log-1")
    key = SigningKey.of_state(bench.state, origin)
    return key, key.sign(checkpoint_of(bench.folder, origin)[0].text)


def known(note: str, key: SigningKey) -> Checkpoint:
    found, trusted = read_checkpoint(note, [key.public])
    assert trusted
    return found


def test_a_checkpoint_confirms_the_log_as_it_was_and_as_it_goes_on(bench: Bench) -> None:
    bench.fill(20)
    key, note = signed(bench)
    for more in (0, 5):
        bench.fill(more) if more else None
        found = compare(bench.verify(), bench.folder, [known(note, key)])
        assert (found.verdict, found.covered_to) == (LogVerdict.INTACT, 20)


def test_a_rehashed_a_cut_and_an_old_log_are_found_by_a_checkpoint(bench: Bench) -> None:
    bench.fill(20)
    old = bench.backup()
    bench.fill(5)
    key, note = signed(bench)
    checkpoint = known(note, key)
    assert compare(bench.verify(), old, [checkpoint]).verdict is LogVerdict.TRUNCATED
    bench.rewrite(
        lambda lines: rechained([*lines[:9], edited(lines[9], result="failure"), *lines[10:]], 9)
    )
    assert bench.verify().verdict is LogVerdict.UNVERIFIED, "sound in itself"
    assert compare(bench.verify(), bench.folder, [checkpoint]).verdict is LogVerdict.TAMPERED


def test_a_split_view_is_found_by_its_two_checkpoints(bench: Bench) -> None:
    bench.fill(20)
    key, first = signed(bench)
    forged = [edited(bench.lines()[9], result="failure")]
    bench.rewrite(lambda lines: rechained([*lines[:9], *forged, *lines[10:], *lines[1:6]], 9))
    _, second = signed(bench)
    both = [known(first, key), known(second, key)]
    assert compare(bench.verify(), bench.folder, both[1:]).verdict is LogVerdict.INTACT
    assert compare(bench.verify(), bench.folder, both).verdict is LogVerdict.TAMPERED
    _, leaves = checkpoint_of(bench.folder, origin_of("log-1"))
    proof = consistency_proof(leaves, both[0].size)
    assert not is_consistent(both[0].size, both[0].root, both[1].size, both[1].root, proof)


def test_a_checkpoint_of_another_log_confirms_nothing(bench: Bench) -> None:
    bench.fill(3)
    other = Checkpoint(origin_of("log-2"), 1, bytes(32))
    assert compare(bench.verify(), bench.folder, [other]).verdict is LogVerdict.TAMPERED


def test_a_damaged_signing_key_is_refused(bench: Bench) -> None:
    bench.fill(1)
    signed(bench)
    (bench.state / "keys" / "anchor.key").write_bytes(b"")
    with pytest.raises(StateError, match="damaged"):
        signed(bench)


def test_anchor_and_verify_work_together_on_the_command_line(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    assert run("seal", *DESK, str(desk)).exit_code == 0
    first = run("anchor", *DESK, str(desk))
    assert first.exception is None, first.exception
    note = tmp_path / "first.txt"
    note.write_text(first.stdout)
    key = next(line for line in first.stderr.splitlines() if "--key" in line).split()[-1]
    state = tmp_path / "home" / "development"
    folder = str(state / "audit")
    assert run("verify", folder, "--checkpoint", str(note), "--key", key).return_value == 0
    assert run("verify", *DESK, str(desk), "--checkpoint", str(note)).return_value == 0
    unknown = run("verify", folder, "--checkpoint", str(note))
    assert (unknown.return_value, "Nobody who is trusted" in unknown.output) == (3, True)
    assert run("verify", folder, "--checkpoint", str(note), "--key", GO_KEY).return_value == 3
    again = run("anchor", *DESK, str(desk), "--since", str(note))
    assert again.stdout.startswith("old ")
    assert re.search(r"^— intercom-runbook/", again.stdout, re.MULTILINE)
