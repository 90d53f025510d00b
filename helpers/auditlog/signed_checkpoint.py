"""Checkpoints of a log, signed: an anchor that any transparency-log tool can read.

A checkpoint (C2SP tlog-checkpoint) is a signed note (C2SP signed-note) of three lines: the log's
name, the number of its records and the root of their Merkle tree. Kept where the log's owner can't
change it, it reveals a log that was cut, replaced, or shown to two readers in two versions.

The signing key lies beside the seal key, so whoever owns the machine can sign too: the signature
says which log a checkpoint belongs to, the place where it is kept says that it is old.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from helpers.auditlog.entries import parse
from helpers.auditlog.merkle import MerkleTree, consistency_proof, leaf_hash
from helpers.auditlog.records import LogVerdict, Verification
from helpers.auditlog.segments import segments
from helpers.core.errors import StateError, UsageError

__all__ = [
    "Checkpoint",
    "SigningKey",
    "VerifierKey",
    "add_checkpoint",
    "checkpoint_of",
    "compare",
    "distrusted",
    "origin_of",
    "read_checkpoint",
]

_ED25519: Final = b"\x01"
_KEY_LENGTH: Final = 32
_ID_LENGTH: Final = 4
_LARGEST: Final = 64 * 1024  # bytes of a note
_NAME: Final = re.compile(r"[^\s+]{1,200}")
_SIGNATURE: Final = re.compile(r"— (\S+) (\S+)")


@dataclass(frozen=True)
class VerifierKey:
    """A public key, as `name+id+base64`."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UsageError for any other text."""
        name, _, rest = text.strip().partition("+")
        identity, _, encoded = rest.partition("+")
        found = _decoded(encoded)
        if not _NAME.fullmatch(name) or len(found) != 1 + _KEY_LENGTH or found[:1] != _ED25519:
            raise UsageError("That is not a verifier key.", "It is one line, name+id+base64.")
        if identity != cls(name, found[1:]).id.hex():
            raise UsageError("The id of that verifier key is wrong.", "Copy the whole line.")
        return cls(name, found[1:])

    @property
    def id(self) -> bytes:
        """Which key signed, in four bytes."""
        return sha256(f"{self.name}\n".encode() + _ED25519 + self.key).digest()[:_ID_LENGTH]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(_ED25519 + self.key)}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether the holder of the key signed the text."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A private key. It is in a file (0600), and never shown."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifierKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def of_state(cls, state: Path, name: str) -> Self:
        """That of a profile; made when it is first needed. Raises StateError if it is damaged."""
        from helpers.system.files import write_private

        path = state / "keys" / "anchor.key"
        if not path.exists():
            import secrets

            write_private(path, secrets.token_bytes(_KEY_LENGTH))
        seed = path.read_bytes()
        if len(seed) != _KEY_LENGTH:
            raise StateError(
                f"{path} is damaged.", "Bring it back from a copy, or delete it for a new one."
            )
        return cls(name, seed)

    def sign(self, text: str) -> str:
        """The signed note over a text that ends with a line feed."""
        signature = self.public.id + self._key.sign(text.encode())
        return f"{text}\n— {self.public.name} {_encoded(signature)}\n"


@dataclass(frozen=True)
class Checkpoint:
    """A log at one time: its name, the number of its records, and the root of their tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


def read_checkpoint(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, bool]:
    """The checkpoint in a signed note, and whether one of these keys signed it.

    Raises UsageError for what is not a checkpoint.
    """
    text, _, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(note) > _LARGEST or len(lines) < 3 or not lines[1].isascii():  # noqa: PLR2004
        raise _not_one()
    size, root = lines[1], _decoded(lines[2])
    if not re.fullmatch(r"0|[1-9]\d{0,18}", size) or len(root) != sha256().digest_size:
        raise _not_one()
    known = {(key.name, key.id): key for key in keys}
    trusted = False
    for name, encoded in _SIGNATURE.findall(signatures):
        signature = _decoded(encoded)
        key = known.get((name, signature[:_ID_LENGTH]))
        trusted |= bool(key and key.signed(f"{text}\n", signature[_ID_LENGTH:]))
    return Checkpoint(lines[0], int(size), root), trusted


def origin_of(log: str) -> str:
    """The name of a log in its checkpoints, from its install id."""
    return f"intercom-runbook/{log}"


def checkpoint_of(folder: Path, origin: str) -> tuple[Checkpoint, list[bytes]]:
    """The checkpoint of a log as it is, and its leaves. The log has to be verified before."""
    leaves = list(_leaves(folder))
    return Checkpoint(origin, len(leaves), MerkleTree(leaves).root), leaves


def add_checkpoint(old: Checkpoint, leaves: Sequence[bytes], note: str) -> str:
    """What a witness is sent (C2SP tlog-witness): the size it knows, the proof, the new note."""
    proof = "".join(f"{_encoded(node)}\n" for node in consistency_proof(leaves, old.size))
    return f"old {old.size}\n{proof}\n{note}"


def compare(found: Verification, folder: Path, known: Sequence[Checkpoint]) -> Verification:
    """The verdict on a log, given checkpoints of it that a trusted key signed."""
    if found.verdict not in (LogVerdict.INTACT, LogVerdict.UNVERIFIED) or found.first_bad:
        return found
    for one in known:
        if one.origin != origin_of(found.log):
            return _broken(found, LogVerdict.TAMPERED, f"is of another log, {one.origin}")
    roots: dict[int, set[bytes]] = {}
    for one in known:
        roots.setdefault(one.size, set()).add(one.root)
    tree = MerkleTree()
    for leaf in _leaves(folder):
        tree.add(leaf)
        if roots.get(tree.size, {tree.root}) != {tree.root}:
            return _broken(
                found, LogVerdict.TAMPERED, f"differs from the one of {tree.size} records"
            )
    largest = max(roots)
    if largest > tree.size:
        return _broken(found, LogVerdict.TRUNCATED, f"is of {largest} records, the log has fewer")
    return found.model_copy(
        update={
            "verdict": LogVerdict.INTACT,
            "problem": "",
            "covered_to": max(found.covered_to, largest - 1),
            "vouched": (*found.vouched, f"a signed checkpoint of {largest} records"),
        }
    )


def distrusted(found: Verification) -> Verification:
    """The verdict if nobody who is trusted signed a checkpoint: not intact, whatever else is."""
    if found.verdict is not LogVerdict.INTACT and found.problem:
        return found.model_copy(update={"notes": (*found.notes, _NOBODY)})
    return found.model_copy(update={"verdict": LogVerdict.UNVERIFIED, "problem": _NOBODY})


_NOBODY: Final = "Nobody who is trusted signed the checkpoint."


def _broken(found: Verification, verdict: LogVerdict, how: str) -> Verification:
    return found.model_copy(
        update={
            "verdict": verdict,
            "problem": f"The log and a checkpoint disagree: the checkpoint {how}.",
            "first_bad": "a record before the checkpoint",
        }
    )


def _leaves(folder: Path) -> Iterator[bytes]:
    """The records as leaves: each line without its line feed. Torn lines are none."""
    first = True
    for segment in segments(folder):
        with segment.open("rb") as stream:
            for line in stream:
                entry = parse(line.removesuffix(b"\n"))
                if entry is None:
                    continue
                if first and entry.seq:
                    raise StateError(
                        f"The log begins at record {entry.seq}, so it has no tree of all records.",
                        "Verify it by a root key or an anchor of the form seq:hash.",
                    )
                first = False
                yield leaf_hash(line.removesuffix(b"\n"))


def _not_one() -> UsageError:
    return UsageError(
        "That is not a checkpoint.", "It is what `runbook auditlog anchor` printed, unchanged."
    )


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
