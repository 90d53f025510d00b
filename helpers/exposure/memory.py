"""What a scan remembers from one time to the next, or does not."""

from __future__ import annotations

from typing import Protocol

from helpers.exposure.items import Kept

__all__ = ["Memory", "NoCache"]


class Memory(Protocol):
    """What a scan remembers."""

    def known(self) -> set[str]:
        """The marks of everything that was looked at."""

    def kept(self) -> dict[str, Kept]:
        """What was found or could not be opened, by mark."""

    def remember(self, mark: str, kept: Kept) -> None:
        """Keep what is in some bytes."""

    def breathe(self) -> None:
        """Write what waits, if it is time."""

    def note(self, place: str) -> str:
        """What was written down about a place; empty for nothing."""

    def write_note(self, place: str, note: str) -> None:
        """Write something down about a place, over what stood there."""

    def close(self) -> None:
        """Write what is not written yet."""


class NoCache:
    """Remembers nothing."""

    def known(self) -> set[str]:
        """Nothing."""
        return set()

    def kept(self) -> dict[str, Kept]:
        """Nothing."""
        return {}

    def remember(self, mark: str, kept: Kept) -> None:
        """Forget it."""

    def breathe(self) -> None:
        """Nothing waits."""

    def note(self, place: str) -> str:  # noqa: ARG002 (a protocol's)
        """Nothing."""
        return ""

    def write_note(self, place: str, note: str) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing to write."""
