"""Are keys rotated through the process, and does the process work?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.core.policy import Policy
from helpers.rotation.records import (
    IdentitySecret,
    Leftover,
    Regeneration,
    RotationRecord,
    RotationRehearsal,
)


@check(
    id="ROT-003",
    step="rotation",
    title="Every regeneration is in the ledger",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Ask the person whom the log names whether they did it, and why outside the process.",
        "If nobody did: treat it as a break-in, with `runbook rotate --compromised`.",
        "Then see in notebook 07 what else that account did.",
        "If it was legitimate: record the reason as a waiver, and rotate with `runbook rotate`.",
    ),
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03", "CIS 8.11"),
)
def regenerations_are_recorded(
    regenerations: tuple[Regeneration, ...],
    rotations: tuple[RotationRecord, ...],
    policy: Policy,
    now: datetime,
) -> Iterator[Outcome]:
    """Whoever can regenerate a token holds it. Intercom's log says when that happened.

    PASS: the log was read, and every regeneration in the time looked at is a rotation's.
    FAIL: a regeneration belongs to no rotation of the ledger.
    MANUAL: a regeneration is older than the time looked at and than the ledger.
    NOT_APPLICABLE: never, because a log without regenerations passes.
    ERROR: the activity log or the ledger can't be read.
    """
    start = min([r.opened_at for r in rotations], default=now)
    start = min(start, now - timedelta(days=policy.auditlog.lookback_days))
    strange = [row for row in regenerations if not row.recorded]
    for row in strange:
        yield _strange(row) if row.at >= start else _unknown(row)
    if not strange:
        count = len(regenerations)
        yield passed(
            Resource(kind="activity log", key="regenerations"),
            f"All {count} are in the ledger." if count else "There was none.",
        )


def _strange(row: Regeneration) -> Outcome:
    who = row.by or "someone the log does not name"
    return failed(
        _what(row),
        f"{who} made a key on {row.at:%Y-%m-%d %H:%M} UTC; no rotation was under way.",
        Evidence(what=row.activity_type, where="Intercom's activity log"),
    )


def _what(row: Regeneration) -> Resource:
    name = row.description.rstrip(". ") or row.activity_type  # a name ends in no full stop
    return Resource(kind="activity", key=row.id, name=name)


def _unknown(row: Regeneration) -> Outcome:
    return manual(
        _what(row),
        f"Made on {row.at:%Y-%m-%d} by {row.by or 'someone'}, before the ledger began: ask them.",
    )


@check(
    id="ROT-004",
    step="rotation",
    title="No rotation is left half done",
    severity=Severity.HIGH,
    remediation=(
        "`runbook rotate status` shows where it stands and what it waits for.",
        "Go on with `--resume`, or give it up with `--abort`.",
    ),
    controls=("SOC 2 CC6.1", "SOC 2 CC8.1", "ISO 27001 A.5.17"),
)
def rotations_are_finished(
    rotations: tuple[RotationRecord, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """Half a rotation means two live keys, one of which nobody watches.

    PASS: every rotation that was begun has come to an end.
    FAIL: one needs a person's decision, or is open for longer than the policy allows.
    MANUAL: one is open, within that time.
    NOT_APPLICABLE: no rotation was ever begun here.
    ERROR: the ledger can't be read.
    """
    whole = Resource(kind="ledger", key="rotations")
    open_ones = [rotation for rotation in rotations if rotation.open]
    if not rotations:
        yield not_applicable(whole, "No rotation was begun here yet.")
    elif not open_ones:
        yield passed(whole, f"All {len(rotations)} have come to an end.")
    for rotation in open_ones:
        yield _open_rotation(rotation, policy, now)


def _open_rotation(rotation: RotationRecord, policy: Policy, now: datetime) -> Outcome:
    resource = Resource(kind="rotation", key=rotation.variable)
    days = (now - rotation.moved_at).days
    begun = f"{rotation.actor} began it on {rotation.opened_at:%Y-%m-%d}"
    if rotation.needs_human:
        return failed(resource, f"It needs a person. {rotation.reason}", Evidence(what=begun))
    if days > policy.rotation.max_open_days:
        message = f"It has stood at {rotation.state} for {days} days."
        return failed(resource, message, Evidence(what=begun))
    return manual(resource, f"It stands at {rotation.state}; {begun}.")


@check(
    id="ROT-006",
    step="rotation",
    title="A rotation can be carried out from end to end",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Look at the state it stopped at: `runbook rotate status --profile sandbox`.",
        "Set right what it names; then rehearse again with notebook 03.",
    ),
    controls=("SOC 2 CC7.4", "NIST CSF PR.AA-01"),
)
def rehearsal_succeeds(rehearsal: RotationRehearsal) -> Iterator[Outcome]:
    """The day a key leaks is no day to try the procedure for the first time.

    PASS: a whole rotation was carried out, and the old key proven dead.
    FAIL: it stopped, or the old key's death could not be proven.
    MANUAL: no rehearsal was carried out; on a real profile a person rotates.
    NOT_APPLICABLE: never, because every key can be rotated.
    ERROR: the rehearsal could not be started.
    """
    resource = Resource(kind="rehearsal", key=f"access token, {rehearsal.mode}")
    if rehearsal.completed and rehearsal.revocation:
        after = " and ".join(rehearsal.revocation.after)
        yield passed(
            resource,
            "From plan to end; the old key is proven dead.",
            Evidence(
                what=f"the old key answers {after}, the new one {rehearsal.revocation.control}"
            ),
        )
    else:
        last = rehearsal.steps[-1].state if rehearsal.steps else "its beginning"
        yield failed(resource, f"It stopped at {last}.")


@check(
    id="ROT-007",
    step="rotation",
    title="No secret is left over from a rotation",
    severity=Severity.HIGH,
    remediation=(
        "See with `runbook rotate status` that no rotation needs the file.",
        "Delete it; if it holds a live key that is used nowhere, withdraw that key first.",
    ),
    controls=("ISO 27001 A.5.17", "ISO 27001 A.8.12", "NIST CSF PR.DS-01"),
)
def no_secret_is_left_over(leftovers: tuple[Leftover, ...]) -> Iterator[Outcome]:
    """A pending or previous secret lies beside the env file only while a rotation needs it.

    PASS: every such file belongs to an open rotation.
    FAIL: a file holds a secret that no rotation needs.
    MANUAL: never, because the files and the ledger say it.
    NOT_APPLICABLE: there is no such file.
    ERROR: the ledger can't be read.
    """
    if not leftovers:
        yield not_applicable(Resource(kind="file", key="waiting secrets"), "There is none.")
    for leftover in leftovers:
        resource = Resource(kind="file", key=leftover.name)
        if leftover.explained:
            yield passed(resource, "An open rotation needs it.")
        else:
            yield failed(resource, "It holds a secret, and no rotation needs it.")


@check(
    id="ROT-008",
    step="rotation",
    title="One identity secret is alive, outside of a rotation",
    severity=Severity.MEDIUM,
    remediation=(
        "Find out which secret your servers sign with; the others are forgotten copies.",
        "Delete the others: Settings > Messenger > Security, or `runbook rotate identity-secret`.",
    ),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
)
def identity_secrets_are_single(
    identity_secrets: tuple[IdentitySecret, ...], rotations: tuple[RotationRecord, ...]
) -> Iterator[Outcome]:
    """Two are alive while one replaces the other; afterwards the older is a key nobody watches.

    PASS: one is alive, or several during a rotation.
    FAIL: several are alive and no rotation is open.
    MANUAL: never, because the workspace lists them.
    NOT_APPLICABLE: the workspace has none.
    ERROR: the list or the ledger can't be read (`read_secure_mode_secret`, API version Preview).
    """
    whole = Resource(kind="workspace", key="identity secrets")
    rotating = any(r.kind == "identity_secret" and r.open for r in rotations)
    count = len(identity_secrets)
    if not count:
        yield not_applicable(whole, "The workspace has none.")
    elif count == 1 or rotating:
        yield passed(whole, "One is alive." if count == 1 else f"{count} during a rotation.")
    else:
        named = [Evidence(what=s.name or "without a name", where=s.id) for s in identity_secrets]
        yield failed(whole, f"{count} are alive, and no rotation is open.", *named)
