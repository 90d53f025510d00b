"""Checks on the waivers themselves: what suppresses findings is checked, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from helpers.core.catalog import check
from helpers.core.model import (
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.core.waivers.records import Waiver, WaiverOrigin, WaiverUse

__all__ = ["allowed", "expired", "reviewed", "stale", "unknown"]

_CONTROLS = ("SOC 2 CC8.1", "ISO 27001 A.8.9")


def _resource(waiver: Waiver) -> Resource:
    key = f"{waiver.check}:{waiver.resource}"
    return Resource(kind="waiver", key=key, name=f"waiver of {waiver.check} for {waiver.resource}")


def _said(waiver: Waiver) -> Evidence:
    return Evidence(what=f"{waiver.owner}: {waiver.reason}", where="waivers.toml")


@check(
    id="WVR-001",
    step="waivers",
    title="No waiver has expired",
    fails="A waiver has expired",
    severity=Severity.MEDIUM,
    remediation=(
        "Review the finding that the waiver covered; it counts again.",
        "Fix it, or agree on a new date with the owner and set `expires`.",
    ),
    controls=_CONTROLS,
)
def expired(waivers: tuple[WaiverUse, ...], now: datetime) -> Iterator[Outcome]:
    """An exception without an end is a decision that nobody reviews.

    PASS: today is not after the waiver's last day.
    FAIL: today is after the waiver's last day; it no longer suppresses anything.
    MANUAL: never: a waiver carries its own date.
    NOT_APPLICABLE: there are no waivers.
    ERROR: the waivers could not be matched with the findings.
    """
    if not waivers:
        yield _none()
    for waiver in (use.waiver for use in waivers):
        if waiver.holds(now.date()):
            yield passed(_resource(waiver), f"It holds until {waiver.expires}.", _said(waiver))
        else:
            message = f"It expired on {waiver.expires}, so its finding counts again."
            yield failed(_resource(waiver), message, _said(waiver))


@check(
    id="WVR-002",
    step="waivers",
    title="Every waiver is still needed",
    fails="A waiver is no longer needed",
    severity=Severity.LOW,
    remediation=("Remove the waiver from waivers.toml: the problem it covered is gone.",),
    controls=_CONTROLS,
)
def stale(waivers: tuple[WaiverUse, ...]) -> Iterator[Outcome]:
    """A waiver that matches nothing today would silently cover something new tomorrow.

    PASS: the waiver matches at least one finding that isn't fine.
    FAIL: its check was judged and the waiver matches no such finding.
    MANUAL: never: a check that was not judged counts as not applicable.
    NOT_APPLICABLE: there are no waivers, or the check does not exist or was not wholly judged.
    ERROR: the waivers could not be matched with the findings.
    """
    if not waivers:
        yield _none()
    for use in waivers:
        resource = _resource(use.waiver)
        if use.matches:
            yield passed(resource, f"It covers {use.matches} finding(s).", _said(use.waiver))
        elif use.known and use.judged:
            yield failed(resource, "It matches no finding.", _said(use.waiver))
        else:
            yield not_applicable(resource, "Its check was not judged in this run.")


@check(
    id="WVR-003",
    step="waivers",
    title="Every waiver names a check that exists",
    fails="A waiver names a check that does not exist",
    severity=Severity.MEDIUM,
    remediation=(
        "Find the check's id with `runbook checks` and write it in `check`.",
        "Remove the waiver if the check is gone.",
    ),
    controls=_CONTROLS,
)
def unknown(waivers: tuple[WaiverUse, ...]) -> Iterator[Outcome]:
    """A waiver with a mistyped id waives nothing, while its owner believes it does.

    PASS: the catalog has a check with that id.
    FAIL: the catalog has none.
    MANUAL: never: the catalog is complete.
    NOT_APPLICABLE: there are no waivers.
    ERROR: the waivers could not be matched with the findings.
    """
    if not waivers:
        yield _none()
    for use in waivers:
        if use.known:
            yield passed(_resource(use.waiver), "The check exists.")
        else:
            yield failed(
                _resource(use.waiver), f"There is no check {use.waiver.check}.", _said(use.waiver)
            )


@check(
    id="WVR-004",
    step="waivers",
    title="Every waiver of the repository is on its default branch",
    fails="A waiver is not on the repository's default branch",
    severity=Severity.LOW,
    remediation=(
        "Review the waiver with its owner before the branch that adds it is merged.",
        "Or keep waivers beside a policy of your own, and name it with --policy.",
    ),
    controls=_CONTROLS,
)
def reviewed(waivers: tuple[WaiverUse, ...]) -> Iterator[Outcome]:
    """A branch that adds a leak can add the waiver for it as well.

    PASS: the default branch of the repository has the same waiver, or it is the operator's own.
    FAIL: the default branch does not have it, so nobody has reviewed it yet.
    MANUAL: it came with the repository, and git does not know the default branch.
    NOT_APPLICABLE: there are no waivers.
    ERROR: the waivers could not be matched with the findings.
    """
    if not waivers:
        yield _none()
    for waiver in (use.waiver for use in waivers):
        resource, said = _resource(waiver), f"It came from {waiver.origin}."
        if waiver.origin is WaiverOrigin.NEW:
            yield failed(resource, said, _said(waiver))
        elif waiver.origin is WaiverOrigin.UNKNOWN:
            yield manual(resource, said, _said(waiver))
        else:
            yield passed(resource, said, _said(waiver))


@check(
    id="WVR-005",
    step="waivers",
    title="Every waiver is one that the policy allows",
    fails="The policy does not allow a waiver",
    severity=Severity.MEDIUM,
    remediation=(
        "Name the resource by its whole key, and an end that is nearer.",
        "Or set `waivers.max_waiver_days`, or a reason in `waivers.any_resource`, in the policy.",
    ),
    controls=_CONTROLS,
)
def allowed(waivers: tuple[WaiverUse, ...]) -> Iterator[Outcome]:
    """A waiver for everything and for ever switches its check off.

    PASS: the waiver names its resource, or the policy says why it may cover all; it ends within the
        policy's longest time.
    FAIL: the policy does not allow it, or it waives signs of a live compromise by a pattern; it
        suppresses nothing.
    MANUAL: never: the policy decides.
    NOT_APPLICABLE: there are no waivers.
    ERROR: the waivers could not be matched with the findings.
    """
    if not waivers:
        yield _none()
    for use in waivers:
        if use.allowed:
            yield passed(_resource(use.waiver), "The policy allows it.", _said(use.waiver))
        else:
            yield failed(_resource(use.waiver), use.refused, _said(use.waiver))


def _none() -> Outcome:
    return not_applicable(Resource(kind="file", key="waivers.toml"), "There are no waivers.")
