from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from helpers.access.checks.attestation import two_factor_is_enforced
from helpers.access.checks.connectors import (
    connectors_authenticate,
    connectors_share_no_credential,
    connectors_use_tls,
)
from helpers.access.checks.defences import allowlist_limits_the_api, identity_verification_is_on
from helpers.access.checks.people import nobody_is_dormant, teammates_are_of_the_company
from helpers.access.records import AccessFacts, Attestation
from helpers.access.views import connectors as connectors_view
from helpers.core.model import Known
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
    assert statuses(check, teammates=()) == ["ERROR"]
    assert statuses(check, teammates=unreadable()) == ["ERROR"]


def test_a_teammate_whom_the_log_does_not_know_is_dormant() -> None:
    seen = (("1", NOW),)
    assert statuses(nobody_is_dormant, teammates=(ADA, BOB), last_seen=seen) == ["PASS", "FAIL"]
    assert statuses(nobody_is_dormant, teammates=(ADA,), last_seen=()) == ["MANUAL"]


@pytest.mark.parametrize(
    ("enabled", "entries", "status"),
    [
        (False, (), "FAIL"),
        (True, (), "FAIL"),
        (True, ("0.0.0.0/0",), "FAIL"),
        (True, (" ",), "FAIL"),
        (True, ("office",), "FAIL"),
        (True, ("192.0.2.1-192.0.2.9",), "FAIL"),
        (True, ("10.0.0.0/16",), "FAIL"),
        (True, ("2001:db8::/64",), "FAIL"),
        (True, tuple(f"{n}.1.0.0/16" for n in range(20, 40)), "FAIL"),
        (True, (" 192.0.2.7 ", "198.51.100.0/24"), "PASS"),
        (True, ("192.0.2.0/24",), "PASS"),
    ],
)
def test_an_allowlist_must_be_on_filled_and_narrow(
    enabled: bool, entries: tuple[str, ...], status: str
) -> None:
    listed = Allowlist(enabled=enabled, entries=entries)
    assert set(statuses(allowlist_limits_the_api, allowlist=listed)) == {status}


@pytest.mark.parametrize("address", ["", "example.com", "@example.com", " "])
def test_what_is_no_address_is_of_no_allowed_domain(address: str) -> None:
    odd = ADA.model_copy(update={"email": address})
    check = teammates_are_of_the_company
    assert statuses(check, teammates=(odd,), policy=OURS) == ["ERROR"]


def test_an_allowlist_with_blanks_round_the_whole_internet_is_open() -> None:
    listed = Allowlist(enabled=True, entries=(" 0.0.0.0/0 ",))
    assert set(statuses(allowlist_limits_the_api, allowlist=listed)) == {"FAIL"}


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://", "FAIL"),
        ("https:///path", "FAIL"),
        ("https:a.example", "FAIL"),
        ("ftp://a.example", "FAIL"),
        ("{{base}}/orders", "MANUAL"),
        ("https://{{shop}}.example/orders", "MANUAL"),
        ("", "MANUAL"),
        ("HTTPS://a.example", "PASS"),
    ],
)
def test_an_address_is_https_with_a_host(url: str, status: str) -> None:
    assert statuses(connectors_use_tls, connectors=(connector(url),)) == [status]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"token_ids": (), "customer_authentication": True}, "FAIL"),
        ({"token_ids": (), "headers": ("Authorization",)}, "PASS"),
        ({"token_ids": (), "headers": ("Content-Type",)}, "FAIL"),
        ({"token_ids": (), "headers": ("X-Shop",)}, "MANUAL"),
        ({"token_ids": None}, "MANUAL"),
        ({"bypass_authentication": None}, "MANUAL"),
        ({"bypass_authentication": True, "headers": ("Authorization",)}, "FAIL"),
    ],
)
def test_only_a_token_or_a_header_is_a_credential(fields: dict[str, Any], status: str) -> None:
    assert statuses(connectors_authenticate, connectors=(connector(**fields),)) == [status]


def test_a_host_that_a_template_fills_in_is_not_one_host() -> None:
    templated = (connector("https://{{shop}}.example/x"),)
    assert statuses(connectors_share_no_credential, connectors=templated) == ["MANUAL"]


def test_an_answer_from_the_future_or_a_contradiction_does_not_count() -> None:
    said = Attestation(
        question="two-factor", answer="yes", by="Ada", on=NOW.date(), expires=date(2027, 1, 1)
    )
    ahead = said.model_copy(update={"on": date(2026, 6, 1)})
    no = said.model_copy(update={"answer": "no"})
    assert statuses(two_factor_is_enforced, attestations=(ahead,)) == ["MANUAL"]
    for both in ((said, no), (no, said)):
        assert statuses(two_factor_is_enforced, attestations=both) == ["FAIL"]


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
    check = identity_verification_is_on
    assert statuses(check, identity_verification=False, attestations=()) == ["FAIL"]
    assert statuses(check, identity_verification=True, attestations=()) == ["MANUAL"]
    assert statuses(check, identity_verification=unreadable(), attestations=()) == ["ERROR"]


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


def test_an_unknown_state_of_a_connector_is_counted_and_changes_no_verdict() -> None:
    known = (connector(id="1"), connector(id="2", state="draft"))
    odd = (*known, connector("http://b.example", id="3", state="LIVE"))
    shown = [
        connectors_view(AccessFacts.model_construct(connectors=Known(found))).text
        for found in (known, odd)
    ]
    assert "does not list" not in shown[0]
    assert "1 of them have a state that Intercom's API description does not list: LIVE" in shown[1]
    assert statuses(connectors_use_tls, connectors=odd) == ["PASS", "PASS", "FAIL"]
