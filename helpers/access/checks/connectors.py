"""Data connectors: what workflows and the AI agent call, with customers' data in their hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    passed,
)
from helpers.intercom.records import Connector

__all__ = ["connectors_authenticate", "connectors_share_no_credential", "connectors_use_tls"]

_NONE: Final = Resource(kind="workspace", key="data connectors")
_WHERE: Final = "Intercom > Settings > Integrations > Data connectors"


def _named(connector: Connector) -> Resource:
    return Resource(kind="data connector", key=connector.id, name=connector.name)


def _host(connector: Connector) -> str:
    try:
        return urlsplit(connector.url).hostname or ""
    except ValueError:
        return ""


@check(
    id="ACC-009",
    step="access",
    title="Data connectors call by HTTPS",
    fails="A data connector calls without HTTPS",
    severity=Severity.HIGH,
    remediation=(f"Open {_WHERE}, and give this one an https address.",),
    controls=("SOC 2 CC6.7", "NIST CSF PR.DS-02", "CIS 3.10"),
)
def connectors_use_tls(connectors: tuple[Connector, ...]) -> Iterator[Outcome]:
    """By plain HTTP, customers' data and the credential can be read on the way.

    PASS: the address begins with https.
    FAIL: it begins with anything else.
    MANUAL: never, because Intercom reports the address.
    NOT_APPLICABLE: there is no connector, or it has no address yet.
    ERROR: the connectors could not be read.
    """
    for one in connectors:
        if not one.url:
            yield not_applicable(_named(one), "It has no address yet.")
        elif one.url.lower().startswith("https://"):
            yield passed(_named(one), f"Calls {_host(one)} by HTTPS.")
        else:
            yield failed(_named(one), f"Calls {_host(one)} without TLS.")
    if not connectors:
        yield not_applicable(_NONE, "There is no data connector.")


@check(
    id="ACC-010",
    step="access",
    title="Data connectors authenticate",
    fails="A data connector calls without a credential",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        f"Open {_WHERE} > this one > Authentication.",
        "Give it a credential of its own.",
        "Where answers are about a customer, switch customer authentication on.",
        "Bypassed authentication is for tests: switch it off.",
    ),
    controls=("SOC 2 CC6.1", "NIST CSF PR.AA-03"),
)
def connectors_authenticate(connectors: tuple[Connector, ...]) -> Iterator[Outcome]:
    """What answers without a credential answers everybody, not Intercom alone.

    PASS: it has a credential, or asks for the customer's own authentication, and bypasses nothing.
    FAIL: it has neither, or its authentication is bypassed.
    MANUAL: never, because Intercom reports both.
    NOT_APPLICABLE: there is no connector.
    ERROR: the connectors could not be read.
    """
    for one in connectors:
        if one.bypass_authentication:
            yield failed(_named(one), "Its authentication is bypassed.", severity=Severity.HIGH)
        elif one.token_ids or one.customer_authentication:
            yield passed(_named(one), "It authenticates.")
        else:
            seen = ", ".join(one.headers) or "none"
            yield failed(
                _named(one), "It calls without a credential.", Evidence(what=f"headers: {seen}")
            )
    if not connectors:
        yield not_applicable(_NONE, "There is no data connector.")


@check(
    id="ACC-011",
    step="access",
    title="Data connectors share no credential",
    fails="Data connectors share a credential",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Issue a credential of its own for each system that is called.",
        f"Open {_WHERE}, and give each connector the one of its system.",
    ),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
)
def connectors_share_no_credential(connectors: tuple[Connector, ...]) -> Iterator[Outcome]:
    """A credential that goes to two hosts is known to both, and can't be revoked for one.

    PASS: each credential goes to one host.
    FAIL: a credential goes to more than one.
    MANUAL: never, because Intercom reports which credential a connector uses.
    NOT_APPLICABLE: no connector uses a stored credential.
    ERROR: the connectors could not be read.
    """
    hosts: dict[str, set[str]] = defaultdict(set)
    for one in connectors:
        for token in one.token_ids:
            hosts[token].add(_host(one))
    for token, names in sorted(hosts.items()):
        credential = Resource(kind="credential", key=token)
        if len(names) > 1:
            yield failed(credential, f"Goes to {', '.join(sorted(names))}.")
        else:
            yield passed(credential, "Goes to one host.")
    if not hosts:
        yield not_applicable(_NONE, "No connector uses a stored credential.")
