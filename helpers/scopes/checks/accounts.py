"""Service accounts: separate tokens to read and to write, owned by no single person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from helpers.access.checks.attestation import answered
from helpers.access.records import Attestation
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
    passed,
    unclear,
)
from helpers.core.policy import Policy
from helpers.intercom.calls import Effect
from helpers.intercom.scopes import catalog, label_of
from helpers.scopes.checks.grants import scope_named, unknown_scopes
from helpers.scopes.records import Grant, TokenScopes

__all__ = [
    "owner_is_a_service_account",
    "reader_only_reads",
    "service_accounts_are_separate",
]


@check(
    id="SCP-006",
    step="scopes",
    title="Reader and writer have tokens of their own",
    fails="Reader and writer share a token",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Create one app to read and one to write in the Developer Hub.",
        "Put their tokens into INTERCOM_READ_TOKEN and INTERCOM_WRITE_TOKEN.",
    ),
    controls=("SOC 2 CC6.3", "NIST CSF PR.AA-05", "CIS 5.5"),
)
def service_accounts_are_separate(reader: TokenScopes, writer: TokenScopes) -> Iterator[Outcome]:
    """Most of a program only reads. With a token of its own it can't write, whatever happens.

    PASS: the two tokens differ.
    FAIL: they are one and the same.
    MANUAL: one of the two is not configured here.
    NOT_APPLICABLE: never, because a missing account is something to decide about.
    ERROR: one of the two could not be probed.
    """
    pair = Resource(kind="tokens", key="reader and writer")
    seen = Evidence(what=f"fingerprints {reader.fingerprint} and {writer.fingerprint}")
    if not reader.fingerprint or not writer.fingerprint:
        yield unclear(pair, "A token without a fingerprint can't be compared.", seen)
    elif reader.fingerprint == writer.fingerprint:
        yield failed(pair, "Reader and writer hold the same token.", seen)
    else:
        yield passed(pair, "Reader and writer hold different tokens.", seen)


@check(
    id="SCP-007",
    step="scopes",
    title="The reader can't write",
    fails="The reader can write",
    severity=Severity.HIGH,
    remediation=(
        f"Open {click_path('hub_app_scopes')} > Edit, for the reader's app.",
        "Untick every check box that writes, and save; take over the new token if one is issued.",
    ),
    controls=("SOC 2 CC6.3", "ISO 27001 A.8.3", "NIST CSF PR.AA-05"),
    checklist="minimal_scopes",
)
def reader_only_reads(
    reader: TokenScopes, attestations: tuple[Attestation, ...], now: datetime
) -> Iterator[Outcome]:
    """The reader's code refuses to write; its token should refuse as well.

    PASS: no scope that writes is granted; a person vouches for those that can't be probed.
    FAIL: a scope that writes is granted, or a person looked and said that one is.
    MANUAL: whether some scope that writes is granted can't be probed, and nobody answered,
        or the answer expired or is about another token.
    NOT_APPLICABLE: never, because a reader that is not configured is MANUAL.
    ERROR: the reader's token could not be probed, or the attestations could not be read.
    """
    writing = {key for key, scope in catalog().items() if scope.kind is Effect.WRITE}
    held = [scope for scope in reader.scopes(Grant.GRANTED) if scope in writing]
    unknown = [scope for scope in unknown_scopes(reader) if scope in writing]
    for scope in held:
        yield failed(scope_named(scope), f"The reader {catalog()[scope].reach}.")
    token = Resource(kind="token", key=reader.variable)
    if unknown:
        boxes = ", ".join(label_of(scope) for scope in unknown)
        look = f"Check the reader's app: none of these should be ticked: {boxes}."
        yield answered(token, "reader-scopes", attestations, now, look, token=reader.fingerprint)
    elif not held:
        yield passed(token, "The reader holds no scope that writes.")


@check(
    id="SCP-008",
    step="scopes",
    title="The token belongs to a service account with a small role",
    fails="The token's owner can do more than a service account should",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Invite a teammate for this purpose alone, with a mailbox that the team reads.",
        "Give it a role without an inbox seat, and with no permission that the app does not need.",
        "Install the app as that teammate, and rotate to its token.",
    ),
    controls=("ISO 27001 A.5.16", "NIST CSF PR.AA-01", "CIS 5.5"),
)
def owner_is_a_service_account(access: TokenScopes, policy: Policy) -> Iterator[Outcome]:
    """A token dies when the teammate who made it leaves, and acts in that person's name until then.

    PASS: its owner has no inbox seat, and a role that the policy calls limited.
    FAIL: its owner has an inbox seat, so is a person, or has full access.
    MANUAL: its owner can't be read, or has custom permissions or a role that the policy does not
        name, since a role's name does not say what it allows.
    NOT_APPLICABLE: never, because every token has an owner.
    ERROR: the token could not be probed.
    """
    token = Resource(kind="token", key=access.variable)
    owner = access.owner
    if owner is None:
        yield manual(token, "The token's owner can't be read: check who installed the app.")
        return
    seen = Evidence(what=f"owner {owner.name}, role {owner.role or 'none'}")
    full = policy.access.full_access(owner.role)
    if full:
        yield failed(token, "Its owner has full access to the workspace.", seen)
    elif owner.inbox_seat:
        yield failed(token, "Its owner has an inbox seat: a person, who may leave.", seen)
    elif not owner.role:
        yield manual(token, "Its owner has custom permissions: review them.", seen)
    elif full is None or owner.inbox_seat is None:
        message = (
            "Its owner's role is not in policy.toml (access.limited_roles), or its seat unknown."
        )
        yield manual(token, message, seen)
    else:
        yield passed(token, "It belongs to an account without a seat, with a role.", seen)
