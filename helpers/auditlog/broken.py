"""What a verifier finds wrong, and where first."""

from __future__ import annotations

from helpers.auditlog.records import Verdict

__all__ = ["BrokenError"]


class BrokenError(Exception):
    """The log can't be what was written. `where` names the first bad record."""

    def __init__(self, verdict: Verdict, problem: str, where: str) -> None:
        super().__init__(problem)
        self.verdict = verdict
        self.problem = problem
        self.where = where
