"""Can the receiver verify, and are deliveries encrypted in transit?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import Outcome, Resource, Severity, failed, not_applicable, passed
from helpers.webhooks.checks.receiver import SETUP, receiver_named
from helpers.webhooks.records import ClientSecretStatus, ReceiverAddress

__all__ = ["client_secret_is_set", "receiver_uses_https"]


@check(
    id="WHK-001",
    step="webhooks",
    title="The client secret is configured",
    fails="The client secret is not configured",
    severity=Severity.HIGH,
    remediation=(
        f"{click_path('hub_app_basics')}: copy the client secret.",
        "Set INTERCOM_CLIENT_SECRET to it, for the receiver and for this profile.",
    ),
    references=(SETUP,),
    controls=("SOC 2 CC6.1", "ISO 27001 A.5.17"),
    checklist="signatures_validated",
)
def client_secret_is_set(
    client_secret: ClientSecretStatus, receiver: ReceiverAddress
) -> Iterator[Outcome]:
    """Without the client secret no receiver can distinguish Intercom's deliveries from forged ones.

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
        yield failed(
            resource, "A receiver is configured, but the secret that it verifies with is not."
        )


@check(
    id="WHK-002",
    step="webhooks",
    title="Deliveries come over HTTPS",
    fails="Deliveries do not come over HTTPS",
    severity=Severity.HIGH,
    remediation=(
        "Give the receiver a certificate, or put it behind a proxy that has one.",
        f"{click_path('hub_app_webhooks')}: change the address to https.",
    ),
    references=(SETUP,),
    controls=("SOC 2 CC6.7", "ISO 27001 A.8.24", "NIST CSF PR.DS-02", "CIS 3.10"),
)
def receiver_uses_https(receiver: ReceiverAddress) -> Iterator[Outcome]:
    """Deliveries hold customers' names and messages; a signature does not hide them.

    PASS: the receiver's address is https.
    FAIL: the receiver's address is plain http, and not on this machine.
    MANUAL: no receiver is configured here.
    NOT_APPLICABLE: the receiver is on this machine.
    ERROR: the receiver's address can't be read.
    """
    resource = receiver_named(receiver.address)
    if receiver.scheme == "https":
        yield passed(resource, "The receiver's address is https.")
    elif receiver.loopback:
        yield not_applicable(resource, "The receiver is on this machine.")
    else:
        yield failed(resource, "Deliveries travel in the clear: anyone in between can read them.")
