"""A Merkle tree over the records of a log (RFC 6962, section 2), with consistency proofs.

The root stands for every record: two roots and a short proof show that the later log only added to
the earlier one, without the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

__all__ = ["MerkleTree", "consistency_proof", "is_consistent", "leaf_hash"]


class MerkleTree:
    """A tree that grows: it keeps the roots of its perfect subtrees only, so size is no matter."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []  # largest first, one for each set bit of the size
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Add a leaf by its hash (`leaf_hash`)."""
        node, rest = leaf, self.size
        while rest & 1:
            node, rest = _node(self._subtrees.pop(), node), rest >> 1
        self._subtrees.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash of the tree; that of an empty one is the hash of nothing."""
        if not self._subtrees:
            return sha256().digest()
        *rest, root = self._subtrees
        for left in reversed(rest):
            root = _node(left, root)
        return root


def leaf_hash(data: bytes) -> bytes:
    """The hash of a record as a leaf."""
    return sha256(b"\x00" + data).digest()


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree over the first `old` leaves is a part of that over all of them.

    Raises ValueError unless 0 < old <= len(leaves).
    """
    if not 0 < old <= len(leaves):
        raise ValueError(f"A tree of {len(leaves)} leaves has none of {old} in it.")
    return _subproof(leaves, old, whole=True)


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows it, without the leaves (RFC 9162, section 2.1.4.2)."""
    if old == new:
        return old_root == new_root and not proof
    if not 0 < old < new:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            first, second = _node(node, first), _node(node, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = _node(second, node)
        place, last = place >> 1, last >> 1
    return not last and first == old_root and second == new_root


def _subproof(leaves: Sequence[bytes], old: int, *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [MerkleTree(leaves).root]
    split = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below the size
    left, right = leaves[:split], leaves[split:]
    if old <= split:
        return [*_subproof(left, old, whole=whole), MerkleTree(right).root]
    return [*_subproof(right, old - split, whole=False), MerkleTree(left).root]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
