"""The workspace's own defences: identity verification and the IP allowlist."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from helpers.access.checks.attestation import answered
from helpers.access.records import Attestation
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
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
)
from helpers.intercom.records import Allowlist, IdentitySecret

__all__ = [
    "allowlist_limits_the_api",
    "identity_secrets_are_in_use",
    "identity_verification_is_on",
]

_WIDEST: Final = 65_536  # addresses of one entry; a /16
_WIDEST_IN_ALL: Final = 16 * _WIDEST
_PRIVATE: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "224.0.0.0/3",
        ),
    )
)  # networks that no call to Intercom can come from (IANA's special-purpose registry)
_PLATFORMS: Final = ("web", "ios", "android")
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
        f"Then enforce it: {click_path('messenger_security')}.",
    ),
    references=("https://www.intercom.com/help/en/articles/10589769",),
    controls=("SOC 2 CC6.1", "NIST CSF PR.AA-03"),
)
def identity_verification_is_on(
    identity_verification: bool,  # noqa: FBT001
    attestations: tuple[Attestation, ...],
    now: datetime,
) -> Iterator[Outcome]:
    """Without it, whoever knows a customer's e-mail address reads their conversations.

    Intercom says whether it is on, not for which of web, iOS and Android: a person checks that.

    PASS: Intercom says that it is on, and a person attested that it is enforced on each platform.
    FAIL: Intercom says that it is off, or a person attested that a platform is left out.
    MANUAL: it is on, and nobody answered for the platforms, or the answer expired.
    NOT_APPLICABLE: never, because Intercom does not say whether the Messenger is used.
    ERROR: the workspace could not be read, or does not say whether it is on.
    """
    if not identity_verification:
        yield failed(_MESSENGER, "It is off: anybody can pose as any customer in the Messenger.")
        return
    look = f"It is on; check {click_path('messenger_security')}: is it enforced on each platform?"
    yield answered(_MESSENGER, "messenger-identity", attestations, now, look)


@check(
    id="ACC-007",
    step="access",
    title="No identity secret is left over",
    fails="An identity secret is left over",
    severity=Severity.LOW,
    remediation=(
        "Find out which secret your servers sign with; `runbook keys` names each by fingerprint.",
        "Delete the other one: until then both are valid.",
    ),
    controls=("ISO 27001 A.5.17",),
)
def identity_secrets_are_in_use(
    identity_secrets: tuple[IdentitySecret, ...],
) -> Iterator[Outcome]:
    """Old and new are both valid until the old one is deleted, so a rotation ends with that.

    PASS: each platform has one secret at most.
    FAIL: a platform has more than one.
    MANUAL: Intercom does not say of each secret on which platforms it is valid.
    NOT_APPLICABLE: there is none.
    ERROR: the secrets could not be listed.
    """
    if not identity_secrets:
        yield not_applicable(_MESSENGER, "There is no identity secret.")
    for platform in _PLATFORMS if identity_secrets else ():
        yield _secrets_of(platform, identity_secrets)


def _secrets_of(platform: str, secrets: Sequence[IdentitySecret]) -> Outcome:
    place = Resource(kind="platform", key=platform)
    valid = [s.name for s in secrets if getattr(s, platform)]
    unknown = [s.name for s in secrets if getattr(s, platform) is None]
    if len(valid) > 1:
        return failed(place, f"{len(valid)} secrets are valid.", Evidence(what=", ".join(valid)))
    if unknown and len(valid) + len(unknown) > 1:
        message = "More than one secret may be valid: Intercom does not say."
        return manual(place, message, Evidence(what=", ".join((*valid, *unknown))))
    return passed(place, "One secret is valid." if valid else "At most one secret is valid.")


@check(
    id="ACC-008",
    step="access",
    title="The IP allowlist limits who can use the API",
    fails="The API can be used from any address",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "List the addresses that your servers call Intercom from, the audit's own among them.",
        f"Open {click_path('security')} (its page is not documented), and enter them there.",
        "Switch “Enable REST API IP allowlist” on.",
        "On and empty lets everybody in: enter the addresses first.",
    ),
    references=("https://www.intercom.com/help/en/articles/13941009",),
    controls=("SOC 2 CC6.6", "CIS 4.1"),
)
def allowlist_limits_the_api(allowlist: Allowlist) -> Iterator[Outcome]:
    """With it, a stolen token works only from your own network.

    PASS: it is on, and holds only public IPv4 networks of up to 65,536 addresses.
    FAIL: it is off; or on and empty, which lets everybody in; or an entry is wider than that, is no
        public IPv4 network, or the entries together let in more than a million addresses.
    MANUAL: never, because Intercom lists its entries.
    NOT_APPLICABLE: never, because every workspace has one.
    ERROR: it could not be read.
    """
    entries = [entry.strip() for entry in allowlist.entries]
    if not allowlist.enabled:
        yield failed(_LIST, "It is off: a token works from everywhere.")
        return
    if not any(entries):
        yield failed(_LIST, "It is on and empty, which lets everybody in.", severity=Severity.HIGH)
        return
    wrong = {entry: fault for entry in entries if (fault := _fault(entry))}
    for entry, fault in wrong.items():
        yield failed(Resource(kind="network", key=entry or "(empty)"), fault)
    merged = ipaddress.collapse_addresses([n for e in entries if (n := _network(e))])
    total = sum(network.num_addresses for network in merged)
    if total > _WIDEST_IN_ALL:
        yield failed(_LIST, f"Its entries let in {total:,} addresses: it is open.")
    elif not wrong:
        yield passed(_LIST, f"It is on, with {len(entries)} entries.")


def _network(entry: str) -> ipaddress.IPv4Network | None:
    """The network of an entry; None for anything else (Intercom documents IPv4 alone)."""
    try:
        return ipaddress.IPv4Network(entry, strict=False)
    except ValueError:
        return None


def _fault(entry: str) -> str:
    """What is wrong with an entry; "" for a narrow public network."""
    network = _network(entry)
    if network is None:
        return "It is no IPv4 address or network, so what it lets in is unknown."
    if network.num_addresses > _WIDEST:
        return f"Lets in {network.num_addresses:,} addresses."
    private = any(network.subnet_of(other) for other in _PRIVATE)
    return "It is not public, so it protects nothing." if private else ""
