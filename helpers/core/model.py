"""The types that every room shares: data, snapshots, outcomes, findings, reports.

Everything here is frozen and serialisable. A snapshot written to disk and read again is equal to
the one that was written, so judging it again gives the same findings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from helpers.core.redaction import fingerprint
from helpers.core.verdicts import Severity, Status

__all__ = [
    "HISTORY",
    "Baseline",
    "Cause",
    "CodeState",
    "Confidence",
    "Datum",
    "Effort",
    "Evidence",
    "FilePlace",
    "Finding",
    "HashedFile",
    "Known",
    "Outcome",
    "Partial",
    "PastRun",
    "Record",
    "Report",
    "Resource",
    "Severity",
    "Snapshot",
    "Status",
    "StepResult",
    "Subject",
    "Unavailable",
    "WaiverNote",
    "failed",
    "fingerprint",
    "history",
    "manual",
    "not_applicable",
    "passed",
    "unclear",
]

HISTORY: Final = "history"  # the kind of resource of what happened before the first audit
T = TypeVar("T")
U = TypeVar("U")
FactsT = TypeVar("FactsT", bound="Record")


class Record(BaseModel):
    """A frozen, serialisable fact. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Confidence(StrEnum):
    """How sure the check is of its verdict."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Effort(StrEnum):
    """How long the fix takes: minutes, hours or days."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Baseline(StrEnum):
    """A finding compared with the run before in the words of SARIF 2.1.0 where it has them."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FIXED = "fixed"
    REGRESSED = "regressed"


class Cause(StrEnum):
    """Why a datum is not there."""

    FAILED = "failed"  # it was tried and did not work
    OFF = "off"  # the policy keeps it off
    NOT_CONFIGURED = "not_configured"  # no setting says where to look


@dataclass(frozen=True)
class Known(Generic[T]):
    """A datum that was read; a dataclass, as a pydantic model forgets `T` in the alias below."""

    value: T
    known: Literal[True] = True

    def map(self, change: Callable[[T], U]) -> Known[U]:
        """Another datum made of this one."""
        return Known(change(self.value))


@dataclass(frozen=True)
class Partial(Generic[T]):
    """A datum of which only a part was read: what came, why the rest did not, and the call.

    What `value` holds is right; what it does not hold says nothing.
    """

    value: T
    reason: str
    call: str
    known: Literal["partial"] = "partial"

    def map(self, change: Callable[[T], U]) -> Partial[U]:
        """Another datum made of this one, which is as partial."""
        return Partial(change(self.value), self.reason, self.call)


class Unavailable(Record):
    """A datum that could not be read: why, and the call that would have read it."""

    known: Literal[False] = False
    reason: str
    call: str
    cause: Cause = Cause.FAILED

    def map(self, change: Callable[[Any], object]) -> Unavailable:  # noqa: ARG002 (as the others)
        """The same: nothing can be made of it."""
        return self


Datum = Annotated[Known[T] | Partial[T] | Unavailable, Field(discriminator="known")]


class Snapshot(Record, Generic[FactsT]):
    """All that one step collected about the world, and when (`taken_at`, UTC)."""

    step: str
    profile: str
    taken_at: datetime
    facts: FactsT


class Resource(Record):
    """What a verdict is about. `key` is stable: no line number, time or prose in it."""

    kind: str
    key: str
    name: str = ""

    @property
    def label(self) -> str:
        """The name to show."""
        return self.name or self.key


class FilePlace(Record):
    """A file of the repository: its line from 1 on, 0 for none; the commit that brought it."""

    path: str
    line: int = 0
    commit: str = ""


class Evidence(Record):
    """One observation behind a verdict, and where it was made: for people, and for editors."""

    what: str
    where: str = ""
    place: FilePlace | None = None


class Outcome(Record):
    """What a check says of one resource; the judge makes a finding of it."""

    status: Status
    resource: Resource
    message: str
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None  # overrides the check's own
    remediation: tuple[str, ...] = ()  # overrides the check's own


def passed(resource: Resource, message: str, *evidence: Evidence) -> Outcome:
    """The resource was checked and is fine."""
    return Outcome(status=Status.PASS, resource=resource, message=message, evidence=evidence)


def failed(
    resource: Resource,
    message: str,
    *evidence: Evidence,
    severity: Severity | None = None,
    remediation: tuple[str, ...] = (),
) -> Outcome:
    """The resource was checked and is not fine."""
    return Outcome(
        status=Status.FAIL,
        resource=resource,
        message=message,
        evidence=evidence,
        severity=severity,
        remediation=remediation,
    )


def manual(resource: Resource, message: str, *evidence: Evidence) -> Outcome:
    """A person has to check this: the message says what."""
    return Outcome(status=Status.MANUAL, resource=resource, message=message, evidence=evidence)


def history(key: str, name: str, first_audit: datetime, *evidence: Evidence) -> Outcome:
    """A person has to go through this once: it happened before the runbook's first audit.

    Nothing could have been recorded or reviewed then. Reports show such outcomes as one item.
    """
    return Outcome(
        status=Status.MANUAL,
        resource=Resource(kind=HISTORY, key=key, name=name),
        message=f"This was before the first audit, on {first_audit:%Y-%m-%d}: go through it once.",
        evidence=evidence,
        remediation=("Ask who did it, and why.", "Then sign for the period: `runbook review`."),
    )


def not_applicable(resource: Resource, message: str, *evidence: Evidence) -> Outcome:
    """The check does not apply to this resource."""
    return Outcome(
        status=Status.NOT_APPLICABLE, resource=resource, message=message, evidence=evidence
    )


def unclear(resource: Resource, message: str, *evidence: Evidence) -> Outcome:
    """What was read can't be what is there, so nothing is known: an ERROR, never a pass."""
    return Outcome(status=Status.ERROR, resource=resource, message=message, evidence=evidence)


class WaiverNote(Record):
    """A waiver beside a finding. It does not change the verdict."""

    owner: str
    reason: str
    expires: str
    origin: str = ""  # set where it came with the audited repository


class Finding(Record):
    """One verdict of one check about one resource."""

    check: str
    title: str
    fails: str = ""  # the title where it fails: what is wrong
    step: str
    status: Status
    severity: Severity
    confidence: Confidence
    effort: Effort
    resource: Resource
    message: str
    evidence: tuple[Evidence, ...] = ()
    remediation: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    checklist: str = ""
    incident: bool = False  # its critical failure is a sign of a live compromise
    fingerprint: str
    waiver: WaiverNote | None = None
    baseline: Baseline | None = None
    since: datetime | None = None  # the first run of this unbroken failure, where history knows

    @property
    def heading(self) -> str:
        """What is wrong where it fails, otherwise the control."""
        return self.fails if self.status is Status.FAIL and self.fails else self.title

    @property
    def is_history(self) -> bool:
        """True for what happened before the first audit, for a person to go through."""
        return self.status is Status.MANUAL and self.resource.kind == HISTORY

    @property
    def failing(self) -> bool:
        """True for a failure that nobody has waived."""
        return self.status is Status.FAIL and self.waiver is None


class StepResult(Record):
    """How one step of a run ended, and why it is missing if it is."""

    step: str
    title: str
    completed: bool
    reason: str = ""


class CodeState(Record):
    """The audited repository. What is not known is empty; `dirty` is None."""

    name: str
    key: str = ""  # of its history: the operator's name for it, or what the state calls it
    remote: str = ""  # without credentials
    branch: str = ""
    commit: str = ""
    dirty: bool | None = None  # tracked files differ from the commit


class HashedFile(Record):
    """A file that decided something, by its name and the SHA-256 of its bytes in hex."""

    name: str
    sha256: str


class Subject(Record):
    """What a run was about, and who ran it. What is not known is empty."""

    profile: str  # the name that the operator gave
    environment: str = ""  # where it is not the name
    owner: str = ""  # of the workspace, as workspaces.toml names them
    workspace: str = ""  # the id that Intercom gives, otherwise the pinned one
    region: str = ""
    host: str = ""  # that the access token goes to, and whose it is
    clock: str = ""  # of the demo, which has its own
    period: str = ""  # of Intercom's activity log that was examined
    repository: CodeState | None = None
    policy: HashedFile | None = None  # None: the built-in defaults
    waivers: HashedFile | None = None
    run_by: str = ""  # OS user and host
    left_out: tuple[str, ...] = ()  # steps


class PastRun(Record):
    """An earlier run of the same workspace, repository and steps: its unwaived failures."""

    at: datetime
    failures: Mapping[Severity, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.failures.values())


class Report(Record):
    """One run, as every writer sees it. Times are UTC."""

    schema_version: Literal[1] = 1
    tool_version: str
    profile: str
    generated_at: datetime
    steps: tuple[StepResult, ...]
    findings: tuple[Finding, ...]
    fixed: tuple[Finding, ...] = ()
    compared_with: datetime | None = None  # the run before, if there is one
    past: tuple[PastRun, ...] = ()  # the runs before, the oldest first
    fix_days: Mapping[str, int] = {}  # how long a failure may stay open, by the policy
    notes: tuple[str, ...] = ()
    subject: Subject | None = None  # None: a command that audits no workspace

    def count(self, *statuses: Status) -> int:
        """How many findings carry one of these statuses."""
        return sum(finding.status in statuses for finding in self.findings)

    def failures(self) -> Mapping[Severity, int]:
        """Unwaived failures by severity, worst first, zeros included."""
        return {
            severity: sum(f.failing and f.severity is severity for f in self.findings)
            for severity in reversed(Severity)
        }
