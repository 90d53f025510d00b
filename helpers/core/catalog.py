"""What a check is, and how checks are found.

A check is a pure function that asks for data by name, as a test asks for fixtures:

    @check(id="ENV-003", step="environment", title="…", severity=Severity.HIGH, …)
    def env_files_are_ignored(env_files: tuple[EnvFile, ...]) -> Iterator[Outcome]:
        \"\"\"Why it matters, in a sentence or two.

        PASS: …
        FAIL: …
        MANUAL: …
        NOT_APPLICABLE: …
        ERROR: …
        \"\"\"

`env_files` is the value of the field of that name in the step's facts. Where the datum is
`Unavailable`, the judge answers for the check (ERROR, or MANUAL where it is off or not
configured), so a check never sees a missing value and can't skip one. A datum that is `Partial` is
an ERROR as well, unless the check names it in `partial=("env_files",)`, because each of its
failures stands by itself: those are kept, and all PASS and NOT_APPLICABLE give way to one ERROR.
`policy` and `now` are given to a check that names them. Ids are immutable: a check that changes its
meaning gets a new one.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points

from helpers.core.errors import UsageError
from helpers.core.model import Confidence, Effort, Outcome, Severity, Status
from helpers.core.steps import STEPS

__all__ = ["CHECKLIST", "ENTRY_POINT_GROUP", "Check", "check", "find", "load"]

ENTRY_POINT_GROUP = "intercom_runbook.checks"

CHECKLIST: Mapping[str, str] = {
    "keys_in_variables": "Keys are in variables",
    "env_ignored": ".env is ignored by git",
    "keys_differ": "Keys differ per environment",
    "minimal_scopes": "Scopes are minimal",
    "signatures_validated": "Webhook signatures are validated",
    "audit_logging": "Audit logging is on",
}

_BESIDE_THE_STEPS: Mapping[str, str] = {"waivers": "helpers.core.waivers.checks"}  # no notebook

CheckFunction = Callable[..., Iterable[Outcome]]
_VERDICT = re.compile(r"^\s*(PASS|FAIL|MANUAL|NOT_APPLICABLE|ERROR):\s*(.+?)\s*$")
_CONTEXT = frozenset({"policy", "now"})


@dataclass(frozen=True)
class Check:
    """A check and its description. Call it with plain values to try it."""

    id: str
    step: str
    title: str
    fails: str  # the title where it fails: what is wrong
    severity: Severity
    confidence: Confidence
    effort: Effort
    remediation: tuple[str, ...]
    references: tuple[str, ...]
    controls: tuple[str, ...]
    checklist: str
    function: CheckFunction
    incident: bool = False  # a critical failure is a sign of a live compromise
    partial: tuple[str, ...] = ()  # data of which a part is enough to find failures

    def __call__(self, *args: object, **data: object) -> Iterable[Outcome]:
        """Run the function on plain values."""
        return self.function(*args, **data)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names of everything the function asks for, in its own order."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def data(self) -> tuple[str, ...]:
        """The names of the facts among them."""
        return tuple(name for name in self.wanted if name not in _CONTEXT)

    @property
    def rationale(self) -> str:
        """The docstring up to the verdict table."""
        lines = inspect.cleandoc(self.function.__doc__ or "").splitlines()
        head = [line for line in lines if not _VERDICT.match(line)]
        return "\n".join(_until_verdicts(lines) or head).strip()

    @property
    def verdicts(self) -> Mapping[Status, str]:
        """The verdict table of the docstring: what leads to each status."""
        table: dict[Status, str] = {}
        last: Status | None = None
        for line in inspect.cleandoc(self.function.__doc__ or "").splitlines():
            if match := _VERDICT.match(line):
                last = Status(match[1])
                table[last] = match[2]
            elif last and line.strip():
                table[last] += " " + line.strip()
        return table


def _until_verdicts(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if _VERDICT.match(line):
            return lines[:index]
    return lines


def check(
    *,
    id: str,
    step: str,
    title: str,
    severity: Severity,
    remediation: tuple[str, ...],
    fails: str = "",
    effort: Effort = Effort.MINUTES,
    confidence: Confidence = Confidence.HIGH,
    references: tuple[str, ...] = (),
    controls: tuple[str, ...] = (),
    checklist: str = "",
    incident: bool = False,
    partial: tuple[str, ...] = (),
) -> Callable[[CheckFunction], Check]:
    """Make a `Check` of a function. `remediation` has one step a line: where to click.

    `title` is what should be true; `fails` says what is wrong where it is not (default: the title).
    Critical failures of an `incident` check are signs of a live compromise.

    `partial` names the data of which a part is enough to find failures. Raises ValueError for a
    name that the function does not ask for.
    """

    def decorate(function: CheckFunction) -> Check:
        made = Check(
            id=id,
            step=step,
            title=title,
            fails=fails or title,
            severity=severity,
            confidence=confidence,
            effort=effort,
            remediation=remediation,
            references=references,
            controls=controls,
            checklist=checklist,
            function=function,
            incident=incident,
            partial=partial,
        )
        if not set(partial) <= set(made.data):
            raise ValueError(f"{id} does not ask for all of {', '.join(partial)}.")
        return made

    return decorate


def load(*steps: str) -> tuple[Check, ...]:
    """The checks of these steps (all steps if none is named), our own and a team's, by id."""
    modules = {step.name: step.checks for step in STEPS} | dict(_BESIDE_THE_STEPS)
    wanted = set(steps) or set(modules)
    ours = (found for name in modules if name in wanted for found in _checks_of(modules[name]))
    theirs = (found for found in _team_checks() if found.step in wanted)
    return tuple(sorted({*ours, *theirs}, key=lambda found: found.id))


def find(check_id: str) -> Check:
    """The check with this id. Raises UsageError with the ids that exist."""
    checks = {found.id: found for found in load()}
    if check_id.upper() not in checks:
        near = get_close_matches(check_id.upper(), checks, n=3)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        advice = f"{meant}`runbook checks` lists them all."
        raise UsageError(f"There is no check {check_id!r}.", advice)
    return checks[check_id.upper()]


def _checks_of(name: str) -> Iterator[Check]:
    """The checks in a module; in a package, those of every module below it too."""
    module = importlib.import_module(name)
    yield from (value for value in vars(module).values() if isinstance(value, Check))
    for inner in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        yield from _checks_of(inner.name)


def _team_checks() -> Iterator[Check]:
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        yield from _checks_of(entry.value)
