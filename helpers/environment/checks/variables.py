"""Are the secrets in variables, real ones, and nowhere else?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

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
    manual,
    not_applicable,
    passed,
    unclear,
)
from helpers.environment.records import (
    Shape,
    TrackedSecret,
    VariableState,
)

_AUTHENTICATION: Final = (
    "https://developers.intercom.com/docs/build-an-integration/learn-more/authentication"
)


def _variable(name: str) -> Resource:
    return Resource(kind="variable", key=name)


@check(
    id="ENV-001",
    step="environment",
    title="The variables that hold secrets are set",
    fails="A variable that holds a secret is not set",
    severity=Severity.HIGH,
    remediation=(
        (f"Copy the token from Intercom: {click_path('hub_app_scopes')}."),
        "Put it into the profile's variables: run `./runbook init`, or use your secret manager.",
    ),
    references=(_AUTHENTICATION,),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
    checklist="keys_in_variables",
)
def secrets_are_set(variables: tuple[VariableState, ...]) -> Iterator[Outcome]:
    """A key that comes from a variable can be rotated without touching code.

    PASS: the variable is set.
    FAIL: the access token is not set, so nothing can be verified.
    MANUAL: another secret is not set: only the team knows whether it uses that feature.
    NOT_APPLICABLE: never, as the access token is always wanted.
    ERROR: the variables could not be read.
    """
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is not Shape.UNSET:
            yield passed(resource, f"It is set, by {variable.origin}.")
        elif variable.name == "INTERCOM_ACCESS_TOKEN":
            yield failed(resource, "It is not set.")
        else:
            yield manual(resource, f"It is not set: set it if you use this {_words(variable)}.")


def _words(variable: VariableState) -> str:
    return variable.kind.replace("_", " ")


@check(
    id="ENV-002",
    step="environment",
    title="Secrets are real and well-formed",
    fails="A secret is a placeholder or malformed",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    remediation=(
        (
            "Compare the value with the one in the Developer Hub; placeholders and other services' "
            "keys (sk_live_… is not Intercom's) never work."
        ),
        "Replace it in the variable, not in code.",
    ),
    references=(_AUTHENTICATION,),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
)
def secrets_are_well_shaped(variables: tuple[VariableState, ...]) -> Iterator[Outcome]:
    """A placeholder that reaches production fails there; a wrong key may be another service's.

    PASS: the value has the shape of its kind.
    FAIL: it is a placeholder, another service's key, malformed, or a word that can't be redacted.
    MANUAL: never, as the shape can be checked.
    NOT_APPLICABLE: the variable is not set.
    ERROR: the variables could not be read.
    """
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is Shape.UNSET:
            yield not_applicable(resource, "It is not set.")
        elif variable.shape is Shape.WELL_FORMED:
            yield passed(resource, f"It has the shape of this {_words(variable)}.")
        else:
            yield failed(resource, f"It looks like this: {variable.shape}.")


@check(
    id="ENV-012",
    step="environment",
    title="No tracked file holds a configured key",
    fails="A tracked file holds a configured key",
    incident=True,
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Rotate the key: `./runbook rotate access-token`, see notebook 03.",
        "Read it from the variable in code, and clean the history (notebook 02).",
    ),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1"),
    checklist="keys_in_variables",
)
def no_configured_key_is_tracked(
    variables: tuple[VariableState, ...], tracked_secrets: tuple[TrackedSecret, ...]
) -> Iterator[Outcome]:
    """A key that is both in use and in git is the most urgent leak there is.

    PASS: no tracked file of the work tree holds the configured value.
    FAIL: one or more do.
    MANUAL: never, as git knows.
    NOT_APPLICABLE: the variable is not set.
    ERROR: git could not be asked.
    """
    found = {secret.variable: secret.paths for secret in tracked_secrets}
    odd = sorted(set(found) - {variable.name for variable in variables})
    for name in odd:
        yield unclear(_variable(name or "without a name"), "Tracked files hold a key of this name.")
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is Shape.UNSET:
            yield not_applicable(resource, "It is not set.")
        elif variable.name in found:
            where = (Evidence(what="found in", where=path) for path in found[variable.name])
            yield failed(resource, "Tracked files hold its value.", *where)
        elif odd:
            yield unclear(resource, "Tracked files hold a key, and which one is not known.")
        else:
            yield passed(resource, "No tracked file holds its value.")
