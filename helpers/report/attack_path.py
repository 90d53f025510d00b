"""The attack path: how far a thief gets today, and which box of the checklist cuts which branch.

Made from the findings alone. A stage is open where its check fails, cut where it passes, and
unknown in every other case: what was not looked at stops nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from helpers.core.model import Finding, Report, Status
from helpers.report.summary import verdict

__all__ = ["AttackBranch", "AttackStage", "StageState", "attack_path"]

_MOST: Final = 2  # lines that a stage shows


class StageState(StrEnum):
    """Whether an attacker gets past a stage."""

    OPEN = "open"
    CUT = "cut"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AttackStage:
    """One stage: what an attacker needs, what was found, and what would cut the branch here."""

    title: str
    state: StageState
    details: tuple[str, ...]
    more: int  # findings beyond `details`
    checks: tuple[str, ...]
    cut_by: str


@dataclass(frozen=True)
class AttackBranch:
    """One way in, from the first stage to the damage."""

    title: str
    stages: tuple[AttackStage, ...]

    @property
    def passable(self) -> bool:
        """True where no stage is cut."""
        return all(stage.state is not StageState.CUT for stage in self.stages)


# Title of the branch, then its stages: title, checks that judge it, what cuts it.
_BRANCHES: Final = (
    (
        "A leaked key",
        (
            ("A secret leaks", ("EXP-002", "ENV-012", "EXP-001"), "Keys are in variables"),
            ("Nobody has replaced it", ("ROT-001", "ROT-007"), "Rotation: replace, then revoke"),
            ("It can do more than it must", ("SCP-001", "SCP-002"), "Scopes are minimal"),
            ("It works from anywhere", ("ACC-008",), "An IP allowlist"),
        ),
    ),
    (
        "A forged delivery",
        (
            ("The receiver is reachable", ("WHK-002",), "HTTPS alone"),
            ("It believes a forgery", ("WHK-004",), "Webhook signatures are validated"),
            ("It acts on a copy", ("WHK-009",), "Repeated deliveries are recognised"),
        ),
    ),
    (
        "A stolen account",
        (
            ("A password is enough", ("ACC-012", "ACC-013"), "Two-factor or single sign-on"),
            ("An account is taken over", ("AUD-010", "AUD-011"), "Act on the first failed log-ins"),
            ("Data leaves", ("AUD-013",), "Rights to export for few"),
            ("Nobody notices", ("AUD-001", "AUD-005"), "Audit logging is on, and reviewed"),
        ),
    ),
    (
        "A false customer",
        (("The Messenger believes anyone", ("ACC-006",), "Identity verification enforced"),),
    ),
)


def attack_path(report: Report) -> tuple[AttackBranch, ...]:
    """Each way in that this report says anything about."""
    made = (AttackBranch(title, _stages(report.findings, stages)) for title, stages in _BRANCHES)
    return tuple(branch for branch in made if any(stage.checks for stage in branch.stages))


def _stages(
    findings: Sequence[Finding], stages: Iterable[tuple[str, tuple[str, ...], str]]
) -> tuple[AttackStage, ...]:
    return tuple(_stage(title, _of(findings, checks), cut) for title, checks, cut in stages)


def _of(findings: Iterable[Finding], checks: Sequence[str]) -> list[Finding]:
    found = (f for f in findings if f.check in checks)
    return sorted(found, key=lambda f: (-f.severity.rank, checks.index(f.check), f.resource.key))


def _stage(title: str, findings: Sequence[Finding], cut_by: str) -> AttackStage:
    failing = [f for f in findings if f.status is Status.FAIL]
    said = list(dict.fromkeys(f"{f.resource.label}: {f.message}" for f in failing))
    return AttackStage(
        title=title,
        state=_state(findings),
        details=tuple(said[:_MOST]),
        more=max(len(said) - _MOST, 0),
        checks=tuple(sorted({f.check for f in findings})),
        cut_by=cut_by,
    )


def _state(findings: Sequence[Finding]) -> StageState:
    reached = verdict(f.status for f in findings) if findings else Status.ERROR
    if reached is Status.FAIL:
        return StageState.OPEN
    return StageState.CUT if reached is Status.PASS else StageState.UNKNOWN
