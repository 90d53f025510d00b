"""What a check says, and how bad it is. Imports nothing heavy: a commit waits for it."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Severity", "Status"]


class Status(StrEnum):
    """What a check says. Waived is a note beside the status, never a status."""

    PASS = "PASS"  # noqa: S105 (a verdict, not a password)
    FAIL = "FAIL"
    MANUAL = "MANUAL"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ERROR = "ERROR"


class Severity(StrEnum):
    """How bad a failure is, from a note to an emergency."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 for low to 4 for critical."""
        return list(Severity).index(self) + 1
