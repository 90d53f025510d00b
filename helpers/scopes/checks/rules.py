"""The policy's own list of scopes: does it fit the code, and does it name what exists?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    passed,
)
from helpers.core.policy import Policy
from helpers.intercom.records import TokenScopes, Use
from helpers.intercom.scopes import known
from helpers.scopes.checks.grants import places, scope_named
from helpers.scopes.needs import recommend

__all__ = ["policy_covers_the_code", "policy_names_real_scopes"]


@check(
    id="SCP-004",
    step="scopes",
    title="The policy allows what the code uses",
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Decide whether this environment may do what the call does.",
        "If it may, allow the scope in policy.toml; `runbook scopes --section` prints how.",
        "If it may not, remove the call.",
    ),
    controls=("SOC 2 CC6.3", "NIST CSF PR.AA-05"),
)
def policy_covers_the_code(
    access: TokenScopes, uses: tuple[Use, ...], policy: Policy
) -> Iterator[Outcome]:
    """A policy that the code can't keep is soon kept by nobody.

    PASS: every scope that the sources use is allowed for this profile.
    FAIL: a call needs a scope that the policy does not allow: the finding names the place.
    MANUAL: never, because both sides are written down.
    NOT_APPLICABLE: no source here calls Intercom.
    ERROR: the token could not be probed, or the sources could not be read.
    """
    if not any(use.how != "audit" for use in uses):
        yield not_applicable(
            Resource(kind="policy", key="scopes.allowed"), "No source here calls Intercom."
        )
        return
    refused = [s for s in recommend(access, uses).needed if s not in policy.scopes.allowed]
    for scope in refused:
        yield failed(
            scope_named(scope),
            "Used here, and not allowed: enforcing the policy breaks these calls.",
            *places(uses, scope),
        )
    if not refused:
        yield passed(
            Resource(kind="policy", key="scopes.allowed"), "Everything that is used is allowed."
        )


@check(
    id="SCP-005",
    step="scopes",
    title="The policy names scopes that exist",
    severity=Severity.LOW,
    remediation=(
        "`runbook scopes --list` shows the keys.",
        "Write them so in scopes.allowed; names such as read:all or write:limited do not exist.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.PS-01"),
)
def policy_names_real_scopes(policy: Policy) -> Iterator[Outcome]:
    """A name that no scope has allows nothing, and looks as if it did.

    PASS: the catalog knows every name in scopes.allowed.
    FAIL: it does not know one.
    MANUAL: never, because the names are written down.
    NOT_APPLICABLE: the policy allows no scope at all.
    ERROR: never, because a policy that can't be read stops the run before.
    """
    names = policy.scopes.allowed
    if not names:
        yield not_applicable(Resource(kind="policy", key="scopes.allowed"), "It allows nothing.")
    odd = [name for name in names if not known(name)]
    for name in odd:
        yield failed(Resource(kind="scope name", key=name), "No scope has this name.")
    if names and not odd:
        yield passed(
            Resource(kind="policy", key="scopes.allowed"), f"All {len(names)} names are known."
        )
