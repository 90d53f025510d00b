"""The local log: is it on, intact, kept, mirrored? And does anybody review the activity log?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from helpers.auditlog.records import (
    LogStatus,
    LogVerdict,
    MirrorEvidence,
    Review,
    Verification,
)
from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
    unclear,
)
from helpers.core.policy import Policy

_LOG: Final = Resource(kind="audit_log", key="local", name="the local audit log")
_FIRST: Final = datetime(2011, 1, 1, tzinfo=UTC)  # Intercom's first year: no record is older
_CLOCKS: Final = timedelta(days=1)  # by how much two clocks may differ
_BROKEN: Final = {LogVerdict.TAMPERED: Severity.CRITICAL, LogVerdict.TRUNCATED: Severity.HIGH}


@check(
    id="AUD-001",
    step="auditlog",
    title="Audit logging is on",
    fails="Audit logging is off",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    checklist="audit_logging",
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.15", "NIST CSF PR.PS-04", "CIS 8.2"),
    remediation=(
        'Record what your application does with Intercom: `with audited("intercom.…"): …`.',
        "Set INTERCOM_AUDIT_LOG to the folder it writes to, then run this step again.",
    ),
)
def audit_logging_is_on(log: LogStatus, policy: Policy, now: datetime) -> Iterator[Outcome]:
    """Without records nobody knows who used the keys. Records of this run prove nothing.

    PASS: The log holds records from before this run, and the newest is within the policy's longest
        gap.
    FAIL: There is no record from before this run, or none within the policy's longest gap.
    MANUAL: never, because the log shows whether there are records.
    NOT_APPLICABLE: never, because every environment needs an audit log.
    ERROR: The log could not be read.
    """
    if not log.before_run or log.last_at is None:
        yield failed(_LOG, "The log has no record from before this run.", Evidence(what=log.source))
        return
    evidence = Evidence(what=f"{log.before_run} records, to {log.last_at:%Y-%m-%d %H:%M} UTC")
    if log.last_at > now + _CLOCKS:
        yield unclear(_LOG, "Its newest record is dated in the future.", evidence)
        return
    silent = (now - log.last_at).days
    if silent > policy.auditlog.max_gap_days:
        yield failed(_LOG, f"Nothing was recorded for {silent} days.", evidence)
    else:
        yield passed(_LOG, "Actions are recorded.", evidence)


@check(
    id="AUD-002",
    step="auditlog",
    title="The audit log is intact",
    fails="The audit log is not intact",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.15", "NIST CSF PR.PS-04"),
    remediation=(
        "Copy the log and `state.db` away before anything else writes to them.",
        "`runbook auditlog verify --root-key-file FILE` on the copy names the first bad record.",
        "Compare it with the anchors in earlier reports and in the mirror.",
    ),
)
def log_is_intact(log: LogStatus) -> Iterator[Outcome]:
    """A log that can be changed without a trace is not evidence.

    PASS: The chain is unbroken up to a head that is saved outside the log.
    FAIL: A record was changed, moved or removed (critical), the log was cut (high), or its lines
        are not chained, so that changes leave no trace (medium).
    MANUAL: The chain is unbroken, but nothing outside the log confirms it yet.
    NOT_APPLICABLE: The log is empty.
    ERROR: The log could not be read.
    """
    found = log.verification
    if not log.records and (found is None or not (found.records or found.verdict in _BROKEN)):
        yield not_applicable(_LOG, "The log is empty.")
    elif found is None:
        yield failed(
            _LOG,
            "The records are plain lines: any writer can change them without a trace.",
            remediation=("Write the log through `helpers.auditlog.AuditLog`, which chains it.",),
        )
    else:
        yield _integrity(found)


def _integrity(found: Verification) -> Outcome:
    evidence = [Evidence(what=note) for note in found.notes[:5]]
    if found.verdict in _BROKEN:
        where = Evidence(what=found.problem, where=found.first_bad)
        severity = _BROKEN[found.verdict]
        return failed(_LOG, f"The log is {found.verdict}.", where, *evidence, severity=severity)
    evidence = [
        Evidence(what=f"{found.records} records checked, with {', '.join(found.vouched)}"),
        *evidence,
    ]
    if found.verdict is LogVerdict.INTACT:
        return passed(_LOG, "The chain is unbroken and reaches its saved head.", *evidence)
    return manual(_LOG, f"The chain is unbroken. {found.problem}", *evidence[1:])


@check(
    id="AUD-003",
    step="auditlog",
    title="The audit log has no gap",
    fails="The audit log has a gap",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.15", "CIS 8.2"),
    remediation=(
        "Find out whether logging was off between the two days, or nothing was done.",
        "If such gaps are normal here, raise `auditlog.max_gap_days` in policy.toml.",
    ),
)
def log_has_no_gap(log: LogStatus, policy: Policy) -> Iterator[Outcome]:
    """Nothing is known about a long gap between two records.

    PASS: No gap between two records is longer than the policy allows.
    FAIL: A gap is longer.
    MANUAL: never, because the times of the records decide.
    NOT_APPLICABLE: There are fewer than two records.
    ERROR: The log could not be read.
    """
    gap = log.longest_gap
    if gap is None and log.records > 1:
        yield unclear(_LOG, f"It has {log.records} records, and no time between them is known.")
        return
    if gap is None:
        yield not_applicable(_LOG, "There are fewer than two records.")
        return
    evidence = Evidence(what=f"{gap.days} days, {gap.start:%Y-%m-%d} to {gap.end:%Y-%m-%d}")
    if gap.days > policy.auditlog.max_gap_days:
        yield failed(_LOG, f"Nothing was recorded for {gap.days} days.", evidence)
    else:
        yield passed(_LOG, "No gap is longer than the policy allows.", evidence)


@check(
    id="AUD-004",
    step="auditlog",
    title="The audit log is kept long enough",
    fails="The audit log is not kept long enough",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    controls=("ISO 27001 A.8.15", "CIS 8.10"),
    remediation=(
        "Find out what removes old files: logrotate, a clean-up job, a replaced volume.",
        "Remove segments only with `runbook auditlog expire`, which leaves a tombstone.",
    ),
)
def log_is_kept(log: LogStatus, policy: Policy, now: datetime) -> Iterator[Outcome]:
    """Incidents are often discovered months later, when the records must still exist.

    PASS: The log reaches back as far as the policy requires, or to its first record.
    FAIL: Older records were removed although the policy requires them.
    MANUAL: The log is younger than the policy's retention, and plain lines don't show whether
        older ones existed.
    NOT_APPLICABLE: The log is empty.
    ERROR: The log could not be read.
    """
    if log.first_at is None and log.records:
        yield unclear(_LOG, f"It has {log.records} records, and the first one's time is unknown.")
        return
    if log.first_at is None:
        yield not_applicable(_LOG, "The log is empty.")
        return
    if not _FIRST <= log.first_at <= now + _CLOCKS:
        yield unclear(_LOG, f"Its first record is dated {log.first_at:%Y-%m-%d}: impossible.")
        return
    days = (now - log.first_at).days
    evidence = Evidence(what=f"the first record is from {log.first_at:%Y-%m-%d}, {days} days ago")
    if days >= policy.auditlog.retention_days:
        yield passed(_LOG, "The log reaches back far enough.", evidence)
    elif log.verification is None:
        yield manual(_LOG, "Is the log this young, or were records removed?", evidence)
    elif log.verification.verdict in _BROKEN:
        yield unclear(_LOG, f"The log is {log.verification.verdict}, so its start proves nothing.")
    elif log.verification.first_seq == 0:
        yield passed(_LOG, "The log is complete from its first record.", evidence)
    else:
        yield failed(_LOG, "Records that the policy requires were removed.", evidence)


@check(
    id="AUD-006",
    step="auditlog",
    title="The audit log is mirrored",
    fails="The audit log is not mirrored",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    controls=("ISO 27001 A.8.15", "CIS 8.9"),
    remediation=(
        "Find out why the mirror refuses: `runbook auditlog mirror` shows its answer.",
        "Nothing is lost in the meantime: the log is the queue, and delivery resumes.",
    ),
)
def log_is_mirrored(mirror: MirrorEvidence) -> Iterator[Outcome]:
    """Whoever controls the machine controls the log, but not a copy elsewhere.

    PASS: A mirror has received every record.
    FAIL: A mirror is behind, or has refused records permanently.
    MANUAL: The policy keeps mirrors off.
    NOT_APPLICABLE: No mirror is configured, or there is no record to copy yet.
    ERROR: The mirror action could not run.
    """
    if not mirror.mirrors:
        yield not_applicable(_LOG, "No mirror is configured.")
    for one in mirror.mirrors:
        resource = Resource(kind="mirror", key=one.sink, name=f"mirror {one.sink}")
        if one.behind or one.refused:
            evidence = Evidence(what=one.reason or "not retried yet")
            yield failed(
                resource, f"{one.behind} records are waiting, {one.refused} were refused.", evidence
            )
        elif one.last < 0:
            yield not_applicable(resource, "There is no record to copy yet.")
        else:
            evidence = Evidence(what=f"it has every record up to number {one.last}")
            yield passed(resource, "Every record has arrived.", evidence)


@check(
    id="AUD-005",
    step="auditlog",
    title="The activity log is reviewed",
    fails="The activity log has not been reviewed",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC7.3", "ISO 27001 A.8.15", "NIST CSF DE.AE-02", "CIS 8.11"),
    remediation=(
        "Go through the questions and answers of this step.",
        'Sign for the period: `runbook review --reviewer "Your Name"`.',
    ),
)
def period_is_reviewed(
    reviews: tuple[Review, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """A log that nobody reads protects nobody; auditors ask for evidence of review.

    PASS: A person signed for a period that ends within the policy's review interval, and its rows
        are those that they signed for.
    FAIL: Nobody has signed, the last review is older, or it was signed for no row where rows are.
    MANUAL: Rows of the period arrived after it was signed for; they are not reviewed.
    NOT_APPLICABLE: never, because every workspace has an activity log.
    ERROR: The log of reviews or the activity log could not be read, or rows that were signed for
        are not there any more.
    """
    resource = Resource(kind="review", key="activity", name="review of the activity log")
    signed = [review for review in reviews if review.signed_at <= now + _CLOCKS]
    newest = max(signed, key=_reviewed_to, default=None)
    if newest is None:
        yield failed(resource, "Nobody has signed for any period.")
        return
    evidence = Evidence(
        what=f"{newest.reviewer} signed on {newest.signed_at:%Y-%m-%d} for the time up to "
        f"{newest.period_to:%Y-%m-%d}; {newest.rows} rows, digest {newest.results[:16]}"
    )
    if now - _reviewed_to(newest) > timedelta(days=policy.auditlog.review_days):
        yield failed(resource, "The last review is too old.", evidence)
    else:
        yield _compared(resource, newest, evidence)


def _compared(resource: Resource, review: Review, evidence: Evidence) -> Outcome:
    """What the review is worth, with the rows of its period that are there now."""
    if review.rows_now is None:
        return unclear(resource, "The review can't be compared with the activity log.", evidence)
    late = review.rows_now - review.rows
    if not review.rows and late:
        return failed(resource, f"It was signed for no row, where {late} are.", evidence)
    if late > 0:
        message = f"{late} rows of the period arrived after it was signed for."
        return manual(resource, f"{message} They are not reviewed.", evidence)
    if late < 0:
        message = f"{-late} of the rows that were signed for are not there any more."
        return unclear(resource, message, evidence)
    return passed(resource, "The period was reviewed.", evidence)


def _reviewed_to(review: Review) -> datetime:
    """The end of what was reviewed; nobody has seen what came after they signed."""
    return min(review.period_to, review.signed_at)
