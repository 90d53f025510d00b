from __future__ import annotations

from datetime import date

import pytest

from helpers.access.checks.attestation import two_factor_is_enforced
from helpers.access.checks.connectors import (
    connectors_authenticate,
    connectors_share_no_credential,
    connectors_use_tls,
)
from helpers.access.checks.defences import allowlist_limits_the_api, identity_verification_is_on
from helpers.access.checks.people import nobody_is_dormant, teammates_are_of_the_company
from helpers.access.records import Attestation
from helpers.core.policy import AccessPolicy, Policy
from helpers.intercom.records import Allowlist, Connector, Teammate
from tests.checking import NOW, statuses, unreadable

OURS = Policy(access=AccessPolicy(allowed_domains=("example.com",)))
ADA = Teammate(id="1", name="Ada", email="ada@example.com", role="Agent", inbox_seat=True)
BOB = Teammate(id="2", name="Bob", email="bob@evil-example.com", role="Agent", inbox_seat=True)


def connector(url: str = "https://a.example/x", **more: object) -> Connector:
    base: dict[str, object] = {"id": "1", "name": "c", "url": url, "state": "live", "headers": ()}
    base |= {"token_ids": ("881",), "customer_authentication": False}
    return Connector.model_validate(base | {"bypass_authentication": False} | more)


def test_a_stranger_fails_and_a_policy_without_domains_asks() -> None:
    check = teammates_are_of_the_company
    assert statuses(check, teammates=(ADA, BOB), policy=OURS) == ["FAIL"]
    assert statuses(check, teammates=(ADA,), policy=OURS) == ["PASS"]
    assert statuses(check, teammates=(ADA,)) == ["MANUAL"]
    assert statuses(check, teammates=()) == ["NOT_APPLICABLE"]
    assert statuses(check, teammates=unreadable()) == ["ERROR"]


def test_a_teammate_whom_the_log_does_not_know_is_dormant() -> None:
    seen = (("1", NOW),)
    assert statuses(nobody_is_dormant, teammates=(ADA, BOB), last_seen=seen) == ["PASS", "FAIL"]
    assert statuses(nobody_is_dormant, teammates=(ADA,), last_seen=()) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("enabled", "entries", "status"),
    [
        (False, (), "FAIL"),
        (True, (), "FAIL"),
        (True, ("0.0.0.0/0",), "FAIL"),
        (True, ("192.0.2.0/24",), "PASS"),
    ],
)
def test_an_allowlist_must_be_on_filled_and_narrow(
    enabled: bool, entries: tuple[str, ...], status: str
) -> None:
    listed = Allowlist(enabled=enabled, entries=entries)
    assert statuses(allowlist_limits_the_api, allowlist=listed) == [status]


def test_connectors_need_tls_and_a_credential_of_their_own() -> None:
    plain = (connector("http://a.example"),)
    assert statuses(connectors_use_tls, connectors=plain) == ["FAIL"]
    assert statuses(connectors_use_tls, connectors=(connector(),)) == ["PASS"]
    assert statuses(connectors_use_tls, connectors=()) == ["NOT_APPLICABLE"]
    bypassed = (connector(bypass_authentication=True),)
    assert statuses(connectors_authenticate, connectors=bypassed) == ["FAIL"]
    assert statuses(connectors_authenticate, connectors=(connector(token_ids=()),)) == ["FAIL"]
    shared = (connector(), connector("https://b.example", id="2"))
    assert statuses(connectors_share_no_credential, connectors=shared) == ["FAIL"]
    assert statuses(connectors_share_no_credential, connectors=(connector(),)) == ["PASS"]


def test_identity_verification_has_to_be_on() -> None:
    assert statuses(identity_verification_is_on, identity_verification=False) == ["FAIL"]
    assert statuses(identity_verification_is_on, identity_verification=True) == ["PASS"]
    assert statuses(identity_verification_is_on, identity_verification=unreadable()) == ["ERROR"]


@pytest.mark.parametrize(
    ("answer", "expires", "status"),
    [("yes", 2027, "PASS"), ("no", 2027, "FAIL"), ("yes", 2025, "MANUAL")],
)
def test_an_attestation_counts_until_it_goes_stale(answer: str, expires: int, status: str) -> None:
    said = Attestation(
        question="two-factor",
        answer=answer,
        by="Ada",
        on=date(2025, 1, 1),
        expires=date(expires, 6, 1),
    )
    assert statuses(two_factor_is_enforced, attestations=(said,)) == [status]
    assert statuses(two_factor_is_enforced, attestations=()) == ["MANUAL"]
