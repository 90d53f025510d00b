"""Does anybody look at what Intercom's activity log says?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from helpers.auditlog.records import Review
from helpers.core.catalog import check
from helpers.core.model import Evidence, Outcome, Resource, Severity, failed, passed
from helpers.core.policy import Policy


@check(
    id="AUD-005",
    step="auditlog",
    title="The activity log is reviewed",
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
    """A log that nobody reads protects nobody; auditors ask for evidence that somebody did.

    PASS: A person signed for a period that ends within the policy's review interval.
    FAIL: Nobody did, or the last review is older.
    MANUAL: never, because a review is recorded or not.
    NOT_APPLICABLE: never, because the activity log is always there.
    ERROR: The log of reviews could not be read.
    """
    resource = Resource(kind="review", key="activity", name="review of the activity log")
    newest = max(reviews, key=lambda review: review.period_to, default=None)
    if newest is None:
        yield failed(resource, "Nobody has signed for any period.")
        return
    told = Evidence(
        what=f"{newest.reviewer} signed on {newest.signed_at:%Y-%m-%d} for the time to "
        f"{newest.period_to:%Y-%m-%d}; {newest.rows} rows, digest {newest.results[:16]}"
    )
    if now - newest.period_to > timedelta(days=policy.auditlog.review_days):
        yield failed(resource, "The last review is too long ago.", told)
    else:
        yield passed(resource, "The period was reviewed.", told)
