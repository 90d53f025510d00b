"""The scopes that are granted, against the policy and against what the code uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from helpers.access.checks.attestation import answered
from helpers.access.records import Attestation
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import (
    Confidence,
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
from helpers.intercom.scopes import catalog, known, label_of
from helpers.scopes.needs import recommend
from helpers.scopes.records import Grant, TokenScopes, Use

__all__ = [
    "code_has_what_it_uses",
    "no_scope_beyond_the_policy",
    "no_scope_without_a_use",
    "places",
    "policy_covers_the_code",
    "policy_names_real_scopes",
    "scope_named",
    "unknown_scopes",
]

_HUB: Final = f"{click_path('hub_app_scopes')} > Edit"
_UNSEEN: Final = Resource(kind="scopes", key="unseen", name="scopes that can't be probed")
_SCOPES_PAGE: Final = (
    "https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/oauth-scopes",
)
_UNTICK: Final = (
    f"Open {_HUB}.",
    "Untick the check box that this finding names, and save.",
    "Saving may issue a new token: keep the rotation step ready.",
    "Run this step again; then test the calls that the blast radius names.",
)
_CONTROLS: Final = ("SOC 2 CC6.3", "ISO 27001 A.8.2", "NIST CSF PR.AA-05", "CIS 6.8")


def scope_named(scope: str) -> Resource:
    """A scope as a finding names it."""
    return Resource(kind="scope", key=scope, name=label_of(scope))


def unknown_scopes(token: TokenScopes) -> list[str]:
    """The scopes of the catalog of which nothing shows whether the token holds them."""
    known_ones = {*token.scopes(Grant.GRANTED), *token.scopes(Grant.MISSING)}
    return [scope for scope in catalog() if scope not in known_ones]


def _token(access: TokenScopes) -> Resource:
    return Resource(kind="token", key=access.variable)


def _conclusive(access: TokenScopes) -> bool:
    return bool(access.scopes(Grant.GRANTED) or access.scopes(Grant.MISSING))


def _unprobed(access: TokenScopes) -> Outcome:
    message = f"No probe was conclusive, so none of its scopes is known: check {_HUB}."
    return manual(_token(access), message)


def _no_calls(about: Resource) -> Outcome:
    message = (
        "No source here calls Intercom, so what the code needs is unknown: name it with --repo."
    )
    return manual(about, message)


def _nameless(uses: Iterable[Use]) -> bool:
    return any(not use.scope for use in uses)


def _nameless_uses() -> Outcome:
    about = Resource(kind="scopes", key="without a name")
    return unclear(about, "A call is made whose scope is not known.")


def _boxes(scopes: Iterable[str]) -> str:
    return ", ".join(label_of(scope) for scope in scopes)


def places(uses: Iterable[Use], scope: str) -> tuple[Evidence, ...]:
    """Where a scope is used, the first five places."""
    mine = [use for use in uses if use.scope == scope]
    return tuple(
        Evidence(what=f"{use.call} ({use.sure.value})", where=f"{use.path}:{use.line}")
        for use in mine[:5]
    )


@check(
    id="SCP-001",
    step="scopes",
    title="The token holds no scope beyond the policy",
    fails="The token holds a scope beyond the policy",
    severity=Severity.HIGH,
    remediation=_UNTICK,
    references=_SCOPES_PAGE,
    controls=_CONTROLS,
    checklist="minimal_scopes",
)
def no_scope_beyond_the_policy(
    access: TokenScopes, attestations: tuple[Attestation, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """A stolen token does what its scopes allow, so each excess scope makes a theft worse.

    PASS: every scope that is granted is one that the policy allows; a person vouches for those that
        can't be probed.
    FAIL: a scope is granted that the policy does not allow, as severe as what it opens; or a person
        looked and said that there is one.
    MANUAL: whether a scope outside the policy is granted can't be probed, and nobody
        answered, or the answer expired or is about another token; or no probe was conclusive.
    NOT_APPLICABLE: never, because every token has scopes.
    ERROR: the token could not be probed, or the attestations could not be read.
    """
    allowed = set(policy.scopes.allowed)
    beyond = [s for s in access.scopes(Grant.GRANTED) if s not in allowed]
    for scope in beyond:
        yield failed(
            scope_named(scope),
            f"Whoever holds the token {catalog()[scope].reach}.",
            *_answers(access, scope),
            severity=catalog()[scope].risk,
        )
    if not _conclusive(access):
        yield _unprobed(access)
    elif not beyond:
        yield passed(_token(access), "Every scope that is granted is allowed by the policy.")
    unknown = [s for s in unknown_scopes(access) if s not in allowed]
    if unknown:
        look = f"Check {_HUB}: none of these should be ticked: {_boxes(unknown)}."
        yield answered(_UNSEEN, "token-scopes", attestations, now, look, token=access.fingerprint)


def _answers(token: TokenScopes, scope: str) -> Iterator[Evidence]:
    verdict = next(v for v in token.verdicts if v.scope == scope)
    for a in verdict.answers:
        yield Evidence(what=f"{a.call} returned {a.status} {a.code}".rstrip(), where=verdict.why)
    for wider in verdict.through:
        yield Evidence(what=f"{label_of(wider)} may open the same: check whether it is ticked too")


@check(
    id="SCP-002",
    step="scopes",
    title="Every scope of the token is used",
    fails="The token holds a scope that nothing uses",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=_UNTICK,
    references=_SCOPES_PAGE,
    controls=_CONTROLS,
    checklist="minimal_scopes",
)
def no_scope_without_a_use(
    access: TokenScopes,
    uses: tuple[Use, ...],
    attestations: tuple[Attestation, ...],
    policy: Policy,
    now: datetime,
) -> Iterator[Outcome]:
    """A scope that nothing uses costs nothing to remove, and everything if it is stolen.

    PASS: each granted scope has a use in the sources, in an observation, or in this audit.
    FAIL: a scope is granted and nothing that was read uses it.
    MANUAL: no source here calls Intercom, so that its needs are unknown; or the policy allows a
        scope that nothing uses and that can't be probed, or nobody attested that no other is
        ticked.
    NOT_APPLICABLE: never, because every token is used by something.
    ERROR: the token could not be probed, or the sources could not be read.
    """
    if not any(use.how != "audit" for use in uses):
        yield _no_calls(_token(access))
        return
    unused = recommend(access, uses).untick
    for scope in unused:
        yield failed(
            scope_named(scope),
            f"Granted, and nothing here uses it. Whoever holds the token {catalog()[scope].reach}.",
            *_answers(access, scope),
        )
    used = {use.scope for use in uses}
    unknown = [scope for scope in unknown_scopes(access) if scope not in used]
    open_ones = [scope for scope in unknown if scope in policy.scopes.allowed]
    if not _conclusive(access):
        yield _unprobed(access)
    elif open_ones:
        message = f"Nothing uses these, and they can't be probed: untick {_boxes(open_ones)}."
        yield manual(_UNSEEN, message)
    elif unknown:
        look = f"Check {_HUB}: nothing uses these, so none should be ticked: {_boxes(unknown)}."
        yield answered(_UNSEEN, "token-scopes", attestations, now, look, token=access.fingerprint)
    if _conclusive(access) and not unused:
        yield passed(_token(access), "Everything that is known to be granted is used.")


@check(
    id="SCP-003",
    step="scopes",
    title="The token holds every scope that the code uses",
    fails="The token lacks a scope that the code uses",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Is the call still needed? If not, remove it.",
        f"If it is, open {_HUB} and tick the check box that this finding names.",
        "Allow the scope in policy.toml, so that the next review knows it is meant.",
    ),
    references=_SCOPES_PAGE,
    controls=("NIST CSF PR.AA-05",),
)
def code_has_what_it_uses(access: TokenScopes, uses: tuple[Use, ...]) -> Iterator[Outcome]:
    """A call without its scope fails in production, and is then often fixed by ticking everything.

    PASS: no scope that the sources use is missing.
    FAIL: a scope that a call needs is missing: the finding names the place that breaks.
    MANUAL: whether a scope that is used is granted can't be probed, or no source here calls
        Intercom.
    NOT_APPLICABLE: never, because every token is used by something.
    ERROR: the token could not be probed, or the sources could not be read.
    """
    if not any(use.how != "audit" for use in uses):
        yield _no_calls(_token(access))
        return
    if _nameless(uses):
        yield _nameless_uses()
    lacking = recommend(access, uses).tick
    for scope in lacking:
        yield failed(
            scope_named(scope), "Used here, and not granted: the call fails.", *places(uses, scope)
        )
    used = {use.scope for use in uses}
    open_ones = [scope for scope in unknown_scopes(access) if scope in used]
    if open_ones:
        message = f"Used here, and whether it is granted can't be probed: {_boxes(open_ones)}."
        yield manual(_UNSEEN, message, *(e for s in open_ones for e in places(uses, s)[:1]))
    elif not lacking and not _nameless(uses):
        yield passed(_token(access), "Nothing that is used is missing.")


@check(
    id="SCP-004",
    step="scopes",
    title="The policy allows what the code uses",
    fails="The code uses a scope that the policy does not allow",
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
    """A policy that the code can't follow is soon ignored by everybody.

    PASS: every scope that the sources use is allowed for this profile.
    FAIL: a call needs a scope that the policy does not allow: the finding names the place.
    MANUAL: no source here calls Intercom.
    NOT_APPLICABLE: never, because every policy is for some code.
    ERROR: the token could not be probed, or the sources could not be read.
    """
    if not any(use.how != "audit" for use in uses):
        yield _no_calls(Resource(kind="policy", key="scopes.allowed"))
        return
    if _nameless(uses):
        yield _nameless_uses()
    refused = [s for s in recommend(access, uses).needed if s and s not in policy.scopes.allowed]
    for scope in refused:
        yield failed(
            scope_named(scope),
            "Used here, and not allowed: enforcing the policy breaks these calls.",
            *places(uses, scope),
        )
    if not refused and not _nameless(uses):
        yield passed(
            Resource(kind="policy", key="scopes.allowed"), "Everything that is used is allowed."
        )


@check(
    id="SCP-005",
    step="scopes",
    title="The policy names scopes that exist",
    fails="The policy names a scope that does not exist",
    severity=Severity.LOW,
    remediation=(
        "`runbook scopes --list` shows the keys.",
        "Use these keys in scopes.allowed; names such as read:all or write:limited do not exist.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.PS-01"),
)
def policy_names_real_scopes(policy: Policy) -> Iterator[Outcome]:
    """A name that no scope has allows nothing, although it seems to.

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
