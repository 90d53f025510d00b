"""Checks that keys are rotated through the runbook, and that its rotation works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    history,
    manual,
    not_applicable,
    passed,
)
from helpers.core.policy import Policy
from helpers.rotation.records import (
    Leftover,
    ListedIdentitySecret,
    Regeneration,
    RotationRecord,
    RotationRehearsal,
)

_OK = 200
_OLD_AND_NEW = 2
_SHOWN = 8


@check(
    id="ROT-003",
    step="rotation",
    partial=("regenerations",),
    title="Every regeneration is in the ledger",
    fails="A key was regenerated and nobody recorded it",
    incident=True,
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Ask the person in the log whether they did it, and why they did not use the runbook.",
        "If nobody did it, treat it as a break-in: `runbook rotate access-token --compromised`.",
        "Then check in notebook 08 what else that account did.",
        "If it was legitimate, record the reason as a waiver, and rotate: `runbook rotate --help`.",
    ),
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03", "CIS 8.11"),
)
def regenerations_are_recorded(
    regenerations: tuple[Regeneration, ...],
    rotations: tuple[RotationRecord, ...],
    first_audit: datetime | None,
    policy: Policy,
    now: datetime,
) -> Iterator[Outcome]:
    """Anyone who regenerates a token gets its value. Intercom's log shows each regeneration.

    PASS: every regeneration in the log's period belongs to a rotation in the ledger.
    FAIL: a regeneration belongs to no rotation in the ledger.
    MANUAL: a regeneration is older than both the period and the ledger, or dated in the future;
        or it was before the first audit and the ledger.
    NOT_APPLICABLE: never: a log without regenerations passes.
    ERROR: the activity log or the ledger can't be read.
    """
    start = min([r.opened_at for r in rotations], default=now)
    start = min(start, now - timedelta(days=policy.auditlog.lookback_days))
    ahead = now + timedelta(days=1)
    known = min([first_audit or start, *(r.opened_at for r in rotations)])
    old = [row for row in regenerations if not row.recorded and first_audit and row.at < known]
    if old:
        yield _before(old, known)
    unrecorded = [row for row in regenerations if not row.recorded and row not in old]
    for row in unrecorded:
        yield _unrecorded(row) if start <= row.at <= ahead else _unknown(row)
    if not unrecorded and not old:
        count = len(regenerations)
        yield passed(
            Resource(kind="activity log", key="regenerations"),
            f"All {count} are in the ledger." if count else "The log has none.",
        )


def _before(rows: Sequence[Regeneration], first_audit: datetime) -> Outcome:
    times = "a regeneration" if len(rows) == 1 else f"{len(rows)} regenerations"
    return history(
        "regenerations",
        f"{times} before the first audit",
        first_audit,
        *(
            Evidence(
                what=f"{row.by or 'Someone the log does not name'}: {_what(row).name}",
                where=f"{row.at:%Y-%m-%d %H:%M} UTC",
            )
            for row in rows[-_SHOWN:]
        ),
    )


def _unrecorded(row: Regeneration) -> Outcome:
    who = row.by or "Someone the log does not name"
    return failed(
        _what(row),
        f"{who} created a key on {row.at:%Y-%m-%d %H:%M} UTC; no rotation was open.",
        Evidence(what=row.activity_type, where="Intercom's activity log"),
    )


def _what(row: Regeneration) -> Resource:
    name = row.description.rstrip(". ") or row.activity_type  # as a name, without a full stop
    return Resource(kind="activity", key=row.id, name=name)


def _unknown(row: Regeneration) -> Outcome:
    who = row.by or "someone"
    message = f"Created on {row.at:%Y-%m-%d} by {who}, outside the ledger's time: ask them."
    return manual(_what(row), message)


@check(
    id="ROT-004",
    step="rotation",
    title="No rotation is left unfinished",
    fails="A rotation is unfinished",
    severity=Severity.HIGH,
    remediation=(
        "`runbook rotate status` shows its state and what it waits for.",
        "Continue with `--resume`, or abort it with `--abort`.",
    ),
    controls=("SOC 2 CC6.1", "SOC 2 CC8.1", "ISO 27001 A.5.17"),
)
def rotations_are_finished(
    rotations: tuple[RotationRecord, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """An unfinished rotation can leave two live keys, one of them unwatched.

    PASS: every rotation has ended.
    FAIL: one needs a person's decision, or has been open for longer than the policy allows.
    MANUAL: one is open, within that time.
    NOT_APPLICABLE: no rotation was ever started here.
    ERROR: the ledger can't be read.
    """
    whole = Resource(kind="ledger", key="rotations")
    open_ones = [rotation for rotation in rotations if rotation.open]
    if not rotations:
        yield not_applicable(whole, "No rotation was started here yet.")
    elif not open_ones:
        yield passed(whole, f"All {len(rotations)} have ended.")
    for rotation in open_ones:
        yield _open_rotation(rotation, policy, now)


def _open_rotation(rotation: RotationRecord, policy: Policy, now: datetime) -> Outcome:
    resource = Resource(kind="rotation", key=rotation.variable)
    days = (now - rotation.moved_at).days
    started = f"{rotation.actor} started it on {rotation.opened_at:%Y-%m-%d}"
    if rotation.needs_human:
        return failed(resource, f"It needs a person. {rotation.reason}", Evidence(what=started))
    if days > policy.rotation.max_open_days:
        message = f"It has been at {rotation.state} for {days} days."
        return failed(resource, message, Evidence(what=started))
    return manual(resource, f"It is at {rotation.state}; {started}.")


@check(
    id="ROT-006",
    step="rotation",
    title="A rotation can be carried out from end to end",
    fails="A rotation can't be carried out from end to end",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Check where it stopped: `runbook rotate status --profile sandbox`.",
        "Fix what it reports, then rehearse again with notebook 03.",
    ),
    controls=("SOC 2 CC7.4", "NIST CSF PR.AA-01"),
)
def rehearsal_succeeds(rehearsal: RotationRehearsal) -> Iterator[Outcome]:
    """The procedure must be tested before the day a key leaks.

    PASS: a whole rotation was carried out, and the old key is proven dead.
    FAIL: the rotation stopped, or the old key could not be proven dead.
    MANUAL: no rehearsal was carried out; on a real profile a person rotates.
    NOT_APPLICABLE: never: every key can be rotated.
    ERROR: the rehearsal could not be started.
    """
    resource = Resource(kind="rehearsal", key=f"access token, {rehearsal.mode}")
    proof = rehearsal.revocation
    if (
        rehearsal.completed
        and proof
        and proof.before == _OK
        and proof.control == _OK
        and proof.after
    ):
        after = " and ".join(proof.after)
        yield passed(
            resource,
            "It ran from start to end; the old key is proven dead.",
            Evidence(what=f"the old key answers {after}, the new one {proof.control}"),
        )
    else:
        last = rehearsal.steps[-1].state if rehearsal.steps else "the start"
        yield failed(resource, f"It stopped at {last}.")


@check(
    id="ROT-007",
    step="rotation",
    title="No secret is left over from a rotation",
    fails="A secret is left over from a rotation",
    severity=Severity.HIGH,
    remediation=(
        "Check with `runbook rotate status` that no rotation needs the file.",
        "Delete it. If it holds a live key that nothing uses, revoke that key first.",
    ),
    controls=("ISO 27001 A.5.17", "ISO 27001 A.8.12", "NIST CSF PR.DS-01"),
)
def no_secret_is_left_over(leftovers: tuple[Leftover, ...]) -> Iterator[Outcome]:
    """A pending or previous secret belongs beside the env file only during a rotation.

    PASS: every such file belongs to an open rotation.
    FAIL: a file holds a secret that no rotation needs.
    MANUAL: never: the files and the ledger decide it.
    NOT_APPLICABLE: there is no such file.
    ERROR: the ledger can't be read.
    """
    if not leftovers:
        yield not_applicable(Resource(kind="file", key="waiting secrets"), "There is no such file.")
    for leftover in leftovers:
        resource = Resource(kind="file", key=leftover.name)
        if leftover.explained:
            yield passed(resource, "An open rotation needs it.")
        else:
            yield failed(resource, "It holds a secret, and no rotation needs it.")


@check(
    id="ROT-008",
    step="rotation",
    partial=("identity_secrets",),
    title="Only one identity secret is alive outside a rotation",
    fails="Several identity secrets are alive",
    severity=Severity.MEDIUM,
    remediation=(
        "Find out which secret your servers sign with. The others are leftovers.",
        f"Delete the others: {click_path('messenger_security')}.",
        "Next time `runbook rotate identity-secret` does it.",
    ),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
)
def identity_secrets_are_single(
    identity_secrets: tuple[ListedIdentitySecret, ...], rotations: tuple[RotationRecord, ...]
) -> Iterator[Outcome]:
    """During a rotation two are alive; afterwards the old one is a key that nobody watches.

    PASS: one is alive, or two during a rotation.
    FAIL: several are alive and no rotation is open, or more than two during a rotation.
    MANUAL: never: the workspace lists them.
    NOT_APPLICABLE: the workspace has none.
    ERROR: the list or the ledger can't be read (`read_secure_mode_secret`, API version Preview).
    """
    whole = Resource(kind="workspace", key="identity secrets")
    rotating = any(r.kind == "identity_secret" and r.open for r in rotations)
    count = len({secret.id for secret in identity_secrets if secret.id})
    count += sum(not secret.id for secret in identity_secrets)
    if not count:
        yield not_applicable(whole, "The workspace has none.")
    elif count == 1 or (rotating and count == _OLD_AND_NEW):
        yield passed(
            whole, "One is alive." if count == 1 else f"{count} are alive during a rotation."
        )
    else:
        named = [Evidence(what=s.name or "without a name", where=s.id) for s in identity_secrets]
        why = "a rotation needs two" if rotating else "no rotation is open"
        yield failed(whole, f"{count} are alive, and {why}.", *named)
