"""The workspace's own defences: identity verification and the IP allowlist."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Final

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    passed,
)
from helpers.intercom.records import Allowlist, IdentitySecret

__all__ = [
    "allowlist_limits_the_api",
    "identity_secrets_are_in_use",
    "identity_verification_is_on",
]

_WIDEST: Final = 65_536  # addresses of one entry; a /16
_MESSENGER: Final = Resource(kind="workspace", key="identity verification")
_LIST: Final = Resource(kind="workspace", key="ip allowlist", name="IP allowlist")


@check(
    id="ACC-006",
    step="access",
    title="The Messenger verifies who a user is",
    fails="The Messenger believes anyone who claims to be a user",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=(
        "Sign a JSON Web Token with the Messenger API secret for each signed-in user.",
        "Pass it as intercom_user_jwt, and watch that no user loses their conversations.",
        "Then enforce it: Intercom > Settings > Channels > Messenger > Security.",
    ),
    references=("https://www.intercom.com/help/en/articles/10589769",),
    controls=("SOC 2 CC6.1", "NIST CSF PR.AA-03"),
)
def identity_verification_is_on(
    identity_verification: bool,  # noqa: FBT001
) -> Iterator[Outcome]:
    """Without it, whoever knows a customer's e-mail address reads their conversations.

    PASS: Intercom says that identity verification is on.
    FAIL: Intercom says that it is off.
    MANUAL: never, because Intercom always reports it.
    NOT_APPLICABLE: never, because Intercom does not say whether the Messenger is used.
    ERROR: the workspace could not be read.
    """
    if identity_verification:
        yield passed(_MESSENGER, "It is on.")
    else:
        yield failed(_MESSENGER, "It is off: anybody can pose as any customer in the Messenger.")


@check(
    id="ACC-007",
    step="access",
    title="No identity secret is left over",
    fails="An identity secret is left over",
    severity=Severity.LOW,
    remediation=(
        "Find out which secret your servers sign with; `runbook rotate` names it by fingerprint.",
        "Delete the other one: until then both are valid.",
    ),
    controls=("ISO 27001 A.5.17",),
)
def identity_secrets_are_in_use(
    identity_secrets: tuple[IdentitySecret, ...],
) -> Iterator[Outcome]:
    """Old and new are both valid until the old one is deleted, so a rotation ends with that.

    PASS: each platform has one secret.
    FAIL: a platform has more than one.
    MANUAL: never, because their number is known.
    NOT_APPLICABLE: there is none.
    ERROR: the secrets could not be listed.
    """
    if not identity_secrets:
        yield not_applicable(_MESSENGER, "There is no identity secret.")
        return
    counted = Counter(p for secret in identity_secrets for p in secret.platforms)
    for platform, count in sorted(counted.items()):
        place = Resource(kind="platform", key=platform)
        if count > 1:
            names = [s.name for s in identity_secrets if platform in s.platforms]
            yield failed(place, f"{count} secrets are valid.", Evidence(what=", ".join(names)))
        else:
            yield passed(place, "One secret is valid.")
    if not counted:
        yield passed(_MESSENGER, "No secret is valid on any platform.")


@check(
    id="ACC-008",
    step="access",
    title="The IP allowlist limits who can use the API",
    fails="The API can be used from any address",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "List the addresses that your servers call Intercom from, the audit's own among them.",
        "Open Intercom > Settings > Security > IP allowlist, enter them, and switch it on.",
        "On and empty lets everybody in: enter the addresses first.",
    ),
    references=("https://www.intercom.com/help/en/articles/13941009",),
    controls=("SOC 2 CC6.6", "CIS 4.1"),
)
def allowlist_limits_the_api(allowlist: Allowlist) -> Iterator[Outcome]:
    """With it, a stolen token works only from your own network.

    PASS: it is on, and holds only networks of up to 65,536 addresses.
    FAIL: it is off; or on and empty, which lets everybody in; or an entry is wider than that.
    MANUAL: never, because Intercom lists its entries.
    NOT_APPLICABLE: never, because every workspace has one.
    ERROR: it could not be read.
    """
    if not allowlist.enabled:
        yield failed(_LIST, "It is off: a token works from everywhere.")
        return
    if not allowlist.entries:
        yield failed(_LIST, "It is on and empty, which lets everybody in.", severity=Severity.HIGH)
        return
    wide = [entry for entry in allowlist.entries if _addresses(entry) > _WIDEST]
    for entry in wide:
        yield failed(
            Resource(kind="network", key=entry), f"Lets in {_addresses(entry):,} addresses."
        )
    if not wide:
        yield passed(_LIST, f"It is on, with {len(allowlist.entries)} entries.")


def _addresses(entry: str) -> int:
    """How many addresses an entry stands for; an entry that is not a network counts as none."""
    try:
        return ipaddress.ip_network(entry, strict=False).num_addresses
    except ValueError:
        return 0
