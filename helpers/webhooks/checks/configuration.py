"""Is the receiver set up so that it can verify, and that nobody reads along?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import Outcome, Resource, Severity, failed, not_applicable, passed
from helpers.webhooks.checks.receiver import SETUP, receiver_named
from helpers.webhooks.records import ClientSecret, Receiver

__all__ = ["client_secret_is_set", "receiver_uses_https"]


@check(
    id="WHK-001",
    step="webhooks",
    title="The client secret is at hand",
    severity=Severity.HIGH,
    remediation=(
        "Developer Hub > your app > Basic Information: copy the client secret.",
        "Put it into INTERCOM_CLIENT_SECRET, for the receiver and for this profile.",
    ),
    references=(SETUP,),
    controls=("SOC 2 CC6.1", "ISO 27001 A.5.17"),
    checklist="signatures_validated",
)
def client_secret_is_set(client_secret: ClientSecret, receiver: Receiver) -> Iterator[Outcome]:
    """Without the client secret no receiver can tell Intercom's deliveries from forged ones.

    PASS: a receiver is configured, and so is the client secret.
    FAIL: a receiver is configured, and the client secret is not.
    MANUAL: no receiver is configured here.
    NOT_APPLICABLE: never, because a receiver always needs the secret.
    ERROR: the receiver's address can't be read.
    """
    resource = Resource(kind="variable", key=client_secret.variable)
    if client_secret.configured:
        yield passed(resource, f"The client secret for {receiver.address} is set.")
    else:
        yield failed(resource, "A receiver is configured, but not the secret that it verifies by.")


@check(
    id="WHK-002",
    step="webhooks",
    title="Deliveries come over HTTPS",
    severity=Severity.HIGH,
    remediation=(
        "Give the receiver a certificate, or put it behind a proxy that has one.",
        "Developer Hub > your app > Webhooks: change the address to https.",
    ),
    references=(SETUP,),
    controls=("SOC 2 CC6.7", "ISO 27001 A.8.24", "NIST CSF PR.DS-02", "CIS 3.10"),
)
def receiver_uses_https(receiver: Receiver) -> Iterator[Outcome]:
    """Deliveries hold customers' names and messages; a signature does not hide them.

    PASS: the receiver's address is an https one.
    FAIL: the receiver's address is plain http, and not on this machine.
    MANUAL: no receiver is configured here.
    NOT_APPLICABLE: the receiver is on this machine, where nothing travels.
    ERROR: the receiver's address can't be read.
    """
    resource = receiver_named(receiver.address)
    if receiver.scheme == "https":
        yield passed(resource, "The receiver's address is an https one.")
    elif receiver.loopback:
        yield not_applicable(resource, "The receiver is on this machine.")
    else:
        yield failed(resource, "Deliveries travel in the clear, for everybody on the way to read.")
