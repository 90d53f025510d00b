"""Which secrets lie where others can find them?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    passed,
)
from helpers.exposure.checks.mitigation import mitigation
from helpers.exposure.checks.weighing import at_home, evidence, resource, severity
from helpers.exposure.records import Configured, Leak, Liveness

__all__ = [
    "configured_secrets_are_not_exposed",
    "mobile_keys_are_known",
    "no_intercom_secret_is_exposed",
    "no_other_secret_is_exposed",
]

_REPOSITORY = Resource(kind="repository", key="repository", name="the repository")
_CONTROLS = ("SOC 2 CC6.1", "ISO 27001 A.5.17", "ISO 27001 A.8.12", "NIST CSF PR.AA-01")
_REMEDIATION = (
    "Rotate the secret at once (notebook 03), before anything else.",
    "Only then clean the history, if you must: `git filter-repo --replace-text expressions.txt`.",
    "Keep it from coming back: `runbook scan --staged` as a pre-commit hook.",
)


def _astray(leak: Leak) -> bool:
    return any(not at_home(place) for place in leak.places)


def _failure(leak: Leak, lead: str) -> Outcome:
    return failed(
        resource(leak),
        f"{lead} {_extent(leak)}",
        *evidence(leak),
        severity=severity(leak),
        remediation=mitigation(leak),
    )


def _extent(leak: Leak) -> str:
    if leak.liveness is Liveness.REVOKED:
        state = "It is revoked."
    elif leak.liveness is Liveness.LIVE:
        whose = f", in the workspace {leak.workspace}" if leak.workspace else ""
        state = f"It is live{whose}."
    else:
        state = "Whether it still works was not asked."
    where = "committed" if leak.committed else "in files outside git"
    if leak.staged:
        where = "staged, not committed yet"
    if leak.committed and leak.gone:
        where = f"in the history, though removed on {leak.gone:%Y-%m-%d}"
    return f"It is {where}. {state}"


@check(
    id="EXP-001",
    step="exposure",
    title="No Intercom secret lies in the repository",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    references=("https://developers.intercom.com/docs/build-an-integration/learn-more/security",),
    controls=_CONTROLS,
    checklist="keys_in_variables",
)
def no_intercom_secret_is_exposed(leaks: tuple[Leak, ...]) -> Iterator[Outcome]:
    """A secret in git is read by everyone who ever clones it, and deleting the line keeps it there.

    Secrets that are configured right now are judged by EXP-002, which is more urgent.

    PASS: no Intercom secret was found outside an ignored env file.
    FAIL: one was found: in a commit, a message, a stash, a dropped object, the index, or a file.
    MANUAL: never, as a search answers by itself.
    NOT_APPLICABLE: never, as every repository can be searched.
    ERROR: the repository could not be read.
    """
    found = [
        leak
        for leak in leaks
        if leak.intercom
        and not leak.configured_as
        and leak.kind != "mobile_sdk_key"
        and _astray(leak)
    ]
    for leak in found:
        yield _failure(leak, f"An {leak.title} lies in the repository.")
    if not found:
        yield passed(_REPOSITORY, "No other Intercom secret was found in it.")


@check(
    id="EXP-002",
    step="exposure",
    title="No secret in use lies in the repository",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    controls=(*_CONTROLS, "NIST CSF RS.MA-01"),
    checklist="keys_in_variables",
)
def configured_secrets_are_not_exposed(
    leaks: tuple[Leak, ...], configured: tuple[Configured, ...]
) -> Iterator[Outcome]:
    """A leaked secret that is in use right now opens the workspace: nothing is more urgent.

    It is told by comparing fingerprints, without any network.

    PASS: the secret of this variable was found nowhere but in an ignored env file.
    FAIL: it was found anywhere else.
    MANUAL: never, as a comparison answers by itself.
    NOT_APPLICABLE: no secret is configured.
    ERROR: the repository could not be read.
    """
    by_fingerprint = {leak.fingerprint: leak for leak in leaks if _astray(leak)}
    for one in configured:
        leak = by_fingerprint.get(one.fingerprint)
        if leak:
            yield _failure(leak, f"The secret in {one.variable}, in use now, lies open.")
        else:
            variable = Resource(kind="variable", key=one.variable)
            yield passed(variable, "Its secret was found nowhere it should not be.")
    if not configured:
        yield not_applicable(_REPOSITORY, "No secret is configured to compare with.")


@check(
    id="EXP-003",
    step="exposure",
    title="No other provider's secret lies in the repository",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    controls=_CONTROLS,
)
def no_other_secret_is_exposed(leaks: tuple[Leak, ...]) -> Iterator[Outcome]:
    """A repository that talks to Intercom talks to others too, with keys that leak the same way.

    PASS: no other provider's secret was found outside an ignored env file.
    FAIL: one was found.
    MANUAL: never, as a search answers by itself.
    NOT_APPLICABLE: never, as every repository can be searched.
    ERROR: the repository could not be read.
    """
    found = [leak for leak in leaks if not leak.intercom and _astray(leak)]
    for leak in found:
        yield _failure(leak, f"A secret of another provider ({leak.title}) lies in the repository.")
    if not found:
        yield passed(_REPOSITORY, "No secret of another provider was found in it.")


@check(
    id="EXP-004",
    step="exposure",
    title="Mobile SDK keys in the repository are known",
    severity=Severity.LOW,
    remediation=(
        "Nothing to rotate: a mobile SDK key ships in every copy of the app.",
        (
            "Enforce identity verification for iOS and Android, so that the key alone opens "
            "nothing (Settings > Messenger > Security)."
        ),
        "Waive the finding with an owner and a date once that is done.",
    ),
    controls=("ISO 27001 A.5.17",),
)
def mobile_keys_are_known(leaks: tuple[Leak, ...]) -> Iterator[Outcome]:
    """A mobile SDK key is meant to ship; only with identity verification is that harmless.

    PASS: there is none in the repository.
    FAIL: there is one; whether identity verification is enforced can't be seen from here.
    MANUAL: never, as a search answers by itself.
    NOT_APPLICABLE: never, as every repository can be searched.
    ERROR: the repository could not be read.
    """
    found = [leak for leak in leaks if leak.kind == "mobile_sdk_key" and _astray(leak)]
    for leak in found:
        yield failed(
            resource(leak), "It ships with the app; make sure it opens nothing.", *evidence(leak)
        )
    if not found:
        yield passed(_REPOSITORY, "There is no mobile SDK key in it.")
