"""What finds secrets in bytes, behind a small protocol, so that the engine can be another one.

Nothing behind this line holds a secret: an engine answers with fingerprints and shapes. `values`
tells the secrets themselves, for a liveness check, and only of bytes that are read again for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Engine", "Sighting"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A secret seen once in some bytes."""

    kind: str
    title: str
    fingerprint: str
    shape: str
    line: int


class Engine(Protocol):
    """Finds secrets. Safe to share between threads; opens no socket."""

    @property
    def identity(self) -> str:
        """Changes whenever the same bytes could give another answer: engine, version, rules."""

    @property
    def minds_paths(self) -> bool:
        """True where some rules hold for some paths alone: then each object needs its paths."""

    def path_class(self, path: str) -> str:
        """Four hex digits: the same bytes get the same answer at all paths of one class."""

    def warm_up(self) -> None:
        """Load the rules now, not with the first bytes."""

    def scan(self, data: bytes, path: str) -> tuple[Sighting, ...]:
        """What is in the bytes. Raises TimeoutError where they take too long."""

    def values(self, data: bytes, path: str) -> Mapping[str, SecretStr]:
        """The secrets in the bytes by fingerprint."""
