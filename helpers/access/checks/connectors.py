"""Data connectors: what workflows and the AI agent call, with customers' data in their hands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

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
)
from helpers.intercom.records import Connector

__all__ = ["connectors_authenticate", "connectors_share_no_credential", "connectors_use_tls"]

_NONE: Final = Resource(kind="workspace", key="data connectors")
_WHERE: Final = click_path("connectors")
_TOKENS: Final = click_path("connector_tokens")
_CREDENTIAL_HEADER: Final = re.compile(r"auth|token|key|secret|signature|cookie", re.IGNORECASE)
_ORDINARY: Final = frozenset({"accept", "content-type", "user-agent", "accept-language"})
_TEMPLATE: Final = re.compile(r"[{}<>]|%7b", re.IGNORECASE)


def _named(connector: Connector) -> Resource:
    return Resource(kind="data connector", key=connector.id, name=connector.name)


def _host(connector: Connector) -> str:
    """The host that it calls; "" where none can be read, or where a customer's data fills it in."""
    try:
        host = (urlsplit(connector.url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    return "" if _TEMPLATE.search(host) or not host.strip() else host


def _credential_headers(connector: Connector) -> list[str]:
    return [name for name in connector.headers if _CREDENTIAL_HEADER.search(name)]


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

    PASS: the address is https, and names a host.
    FAIL: it begins with anything else, or names no host.
    MANUAL: Intercom reports no address, or a template fills in how or where it calls.
    NOT_APPLICABLE: there is no connector.
    ERROR: the connectors could not be read.
    """
    for one in connectors:
        yield _transport(one)
    if not connectors:
        yield not_applicable(_NONE, "There is no data connector.")


def _transport(one: Connector) -> Outcome:
    url, host = one.url.strip(), _host(one)
    if not url:
        return manual(_named(one), f"Intercom reports no address: check {_WHERE}.")
    scheme, mark, rest = url.partition("://")
    if _TEMPLATE.search(scheme) or (mark and _TEMPLATE.search(rest.partition("/")[0])):
        return manual(_named(one), "A template fills in its host: check where it calls.")
    if scheme.lower() != "https" or not mark:
        return failed(_named(one), f"Calls {host or 'an unreadable address'} without TLS.")
    if not host:
        return failed(_named(one), "Its https address names no host.")
    return passed(_named(one), f"Calls {host} by HTTPS.")


@check(
    id="ACC-010",
    step="access",
    title="Data connectors authenticate",
    fails="A data connector calls without a credential",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        f"Add a credential for the called system: {_TOKENS} > Add token.",
        f"Open {_WHERE} > this one, and use it there.",
        "Customer authentication is a code for the customer: the called system gets none of it.",
    ),
    controls=("SOC 2 CC6.1", "NIST CSF PR.AA-03"),
)
def connectors_authenticate(connectors: tuple[Connector, ...]) -> Iterator[Outcome]:
    """What answers without a credential answers everybody, not Intercom alone.

    A stored token or a header carries the credential. Customer authentication is a code by which
    the customer proves an e-mail address; a bypass says that the endpoint is public.

    PASS: it sends a stored token, or a header that is named like a credential.
    FAIL: it sends neither, or its endpoint is public.
    MANUAL: Intercom does not report its tokens or whether its endpoint is public, or it has headers
        whose names don't show whether one of them is a credential.
    NOT_APPLICABLE: there is no connector.
    ERROR: the connectors could not be read.
    """
    for one in connectors:
        yield _credential(one)
    if not connectors:
        yield not_applicable(_NONE, "There is no data connector.")


def _credential(one: Connector) -> Outcome:
    seen = Evidence(what=f"headers: {', '.join(one.headers) or 'none'}")
    named = _credential_headers(one)
    if one.bypass_authentication:
        message = "It calls a public endpoint: its authentication is bypassed."
        return failed(_named(one), message, seen, severity=Severity.HIGH)
    if one.bypass_authentication is None or (one.token_ids is None and not named):
        return manual(_named(one), f"Intercom does not report how it authenticates: {_WHERE}.")
    if one.token_ids or named:
        how = "a stored token" if one.token_ids else f"the header {named[0]}"
        return passed(_named(one), f"It sends {how}.")
    if any(name.strip().lower() not in _ORDINARY for name in one.headers):
        return manual(_named(one), "Does one of its headers carry a credential?", seen)
    return failed(_named(one), "It calls without a credential.", seen)


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

    PASS: each stored credential goes to one host.
    FAIL: a credential goes to more than one.
    MANUAL: a host or a connector's credential can't be read, or credentials are in headers, whose
        values are not compared.
    NOT_APPLICABLE: no connector uses a credential.
    ERROR: the connectors could not be read.
    """
    hosts: dict[str, set[str]] = defaultdict(set)
    for one in connectors:
        for token in one.token_ids or ():
            hosts[token].add(_host(one))
    unread = [c.name or c.id for c in connectors if c.token_ids is None or "" in c.token_ids]
    for token, names in sorted(hosts.items()):
        read = names | ({""} if unread else set())  # what was not read may go anywhere
        yield _destinations(Resource(kind="credential", key=token), read)
    in_headers = [c.name or c.id for c in connectors if not c.token_ids and _credential_headers(c)]
    if unread or in_headers:
        named = Evidence(what=", ".join(dict.fromkeys((*unread, *in_headers))))
        yield manual(_NONE, "Credentials that can't be compared: are they shared?", named)
    elif not hosts:
        yield not_applicable(_NONE, "No connector uses a credential.")


def _destinations(credential: Resource, names: set[str]) -> Outcome:
    known = sorted(names - {""})
    if len(known) > 1:
        return failed(credential, f"Goes to {', '.join(known)}.")
    if "" in names:
        return manual(credential, "Goes to a host that can't be read, or that a template fills in.")
    return passed(credential, "Goes to one host.")
