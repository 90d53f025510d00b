"""Each check of the two reviews: pass, fail, manual, not applicable, unavailable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from helpers.access.records import Attestation, SecurityEvent
from helpers.core.catalog import Check, load
from helpers.core.model import Status
from helpers.core.policy import AccessPolicy, Policy, ScopePolicy
from helpers.intercom.records import Allowlist, Connector, IdentitySecret, Teammate
from helpers.intercom.scopes import catalog
from helpers.scopes.records import Grant, ScopeVerdict, TokenScopes, Use
from tests.checking import NOW, off, statuses, unreadable

PASS, FAIL, MANUAL, NA, ERROR = Status
CHECKS = {found.id: found for found in load("scopes", "access")}
TAGS = Use(scope="read_tags", call="GET /tags", path="sync.py", line=7)
NARROW = Policy(scopes=ScopePolicy(allowed=("read_tags",)))
OURS = Policy(access=AccessPolicy(allowed_domains=("example.com",), max_full_access=1))
KNOWN_ROLES = Policy(access=AccessPolicy(limited_roles=("Agent",)))
LIVE = Teammate(id="1", name="Ada", email="ada@example.com", role="Agent", inbox_seat=True)
BOT = LIVE.model_copy(update={"inbox_seat": False})
ODD = LIVE.model_copy(update={"role": ""})
CHIEF = LIVE.model_copy(update={"role": "Admin"})
STRANGER = LIVE.model_copy(update={"email": "ada@example.net"})
SECRET = IdentitySecret(
    id="1",
    name="web",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    web=True,
    ios=False,
    android=False,
)
BOTH = SECRET.model_copy(update={"ios": True, "android": True})
UNSURE = SECRET.model_copy(update={"web": None, "ios": None, "android": None})
FAILURES = (
    SecurityEvent(
        kind="admin_login_failure", count=2, newest=datetime(2026, 2, 27, 23, tzinfo=UTC)
    ),
)
WIRED = Connector(
    id="1",
    name="orders",
    url="https://a.example/x",
    state="live",
    headers=(),
    token_ids=("8",),
    customer_authentication=False,
    bypass_authentication=False,
)
PLAIN = WIRED.model_copy(update={"url": "http://a.example/x", "token_ids": ()})
SILENT = WIRED.model_copy(update={"token_ids": None})
ELSEWHERE = WIRED.model_copy(update={"id": "2", "url": "https://b.example/x"})


def token(*granted: str, unknown: str = "", owner: Teammate | None = None) -> TokenScopes:
    def verdict(key: str) -> Grant:
        if key == unknown:
            return Grant.UNKNOWN
        return Grant.GRANTED if key in granted else Grant.MISSING

    rows = tuple(ScopeVerdict(scope=key, verdict=verdict(key), why="") for key in catalog())
    name = "-".join(granted) or "nothing"
    return TokenScopes(
        variable="INTERCOM_ACCESS_TOKEN", fingerprint=name, verdicts=rows, owner=owner
    )


UNPROBED = TokenScopes(variable="INTERCOM_ACCESS_TOKEN", fingerprint="a", verdicts=())


def said(question: str, answer: str, expires: date = date(2026, 6, 1)) -> dict[str, Any]:
    row = Attestation(
        question=question,
        answer=answer,
        by="Ada",
        on=date(2026, 1, 1),
        expires=expires,
        fingerprint=token().fingerprint if question.endswith("scopes") else "",
    )
    return {"attestations": (row,)}


def attested(check: str, question: str) -> list[tuple[str, dict[str, Any], Status]]:
    return [
        (check, said(question, "yes"), PASS),
        (check, said(question, "yes", NOW.date()), PASS),
        (check, said(question, "no"), FAIL),
        (check, said(question, "yes", date(2026, 3, 1)), MANUAL),
        (check, {"attestations": ()}, MANUAL),
        (check, {"attestations": unreadable()}, ERROR),
    ]


def explained(answer: str, on: date, expires: date = date(2026, 6, 1)) -> dict[str, Any]:
    (row,) = said("security-events", answer, expires)["attestations"]
    return {"events": FAILURES, "attestations": (row.model_copy(update={"on": on}),)}


NOBODY: dict[str, Any] = {"attestations": ()}
CASES: list[tuple[str, dict[str, Any], Status]] = [
    ("SCP-001", {"access": token("read_tags"), "policy": NARROW, **NOBODY}, PASS),
    ("SCP-001", {"access": token("write_tags"), "policy": NARROW, **NOBODY}, FAIL),
    ("SCP-001", {"access": UNPROBED, "policy": NARROW, **NOBODY}, MANUAL),
    ("SCP-002", {"access": UNPROBED, "uses": (TAGS,), "policy": NARROW, **NOBODY}, MANUAL),
    ("SCP-003", {"access": UNPROBED, "uses": (TAGS,)}, MANUAL),
    ("SCP-007", {"reader": UNPROBED, **NOBODY}, MANUAL),
    ("SCP-001", {"access": off(), **NOBODY}, MANUAL),
    ("SCP-001", {"access": unreadable(), **NOBODY}, ERROR),
    ("SCP-001", {"access": token(), "attestations": unreadable()}, ERROR),
    ("SCP-002", {"access": token("read_tags"), "uses": (TAGS,), **NOBODY}, PASS),
    ("SCP-002", {"access": token("read_news"), "uses": (TAGS,), **NOBODY}, FAIL),
    ("SCP-002", {"access": token("read_news"), "uses": (), **NOBODY}, MANUAL),
    ("SCP-002", {"access": token(), "uses": unreadable(), **NOBODY}, ERROR),
    ("SCP-003", {"access": token("read_tags"), "uses": (TAGS,)}, PASS),
    ("SCP-003", {"access": token(), "uses": (TAGS,)}, FAIL),
    ("SCP-003", {"access": token(), "uses": ()}, MANUAL),
    ("SCP-003", {"access": token(unknown="read_tags"), "uses": (TAGS,)}, MANUAL),
    ("SCP-003", {"access": unreadable(), "uses": (TAGS,)}, ERROR),
    ("SCP-004", {"access": token(), "uses": (TAGS,), "policy": NARROW}, PASS),
    (
        "SCP-004",
        {"access": token(), "uses": (TAGS,), "policy": Policy(scopes=ScopePolicy(allowed=()))},
        FAIL,
    ),
    ("SCP-004", {"access": token(), "uses": ()}, MANUAL),
    ("SCP-004", {"access": token(), "uses": unreadable()}, ERROR),
    ("SCP-005", {"policy": NARROW}, PASS),
    ("SCP-005", {"policy": Policy(scopes=ScopePolicy(allowed=("read:all",)))}, FAIL),
    ("SCP-005", {"policy": Policy(scopes=ScopePolicy(allowed=()))}, NA),
    ("SCP-006", {"reader": token("read_tags"), "writer": token("write_tags")}, PASS),
    ("SCP-006", {"reader": token("read_tags"), "writer": token("read_tags")}, FAIL),
    ("SCP-006", {"reader": token(), "writer": off()}, MANUAL),
    ("SCP-006", {"reader": token(), "writer": unreadable()}, ERROR),
    ("SCP-007", {"reader": token("read_tags"), **NOBODY}, PASS),
    ("SCP-007", {"reader": token("write_tags"), **NOBODY}, FAIL),
    ("SCP-007", {"reader": token(unknown="write_tags"), **NOBODY}, MANUAL),
    ("SCP-007", {"reader": token(unknown="write_tags"), **said("reader-scopes", "yes")}, PASS),
    ("SCP-007", {"reader": token(unknown="write_tags"), **said("reader-scopes", "no")}, FAIL),
    ("SCP-007", {"reader": off(), **NOBODY}, MANUAL),
    ("SCP-007", {"reader": unreadable(), **NOBODY}, ERROR),
    ("SCP-008", {"access": token(owner=BOT), "policy": KNOWN_ROLES}, PASS),
    ("SCP-008", {"access": token(owner=BOT)}, MANUAL),
    ("SCP-008", {"access": token(owner=LIVE)}, FAIL),
    ("SCP-008", {"access": token(owner=CHIEF)}, FAIL),
    ("SCP-008", {"access": token()}, MANUAL),
    ("SCP-008", {"access": unreadable()}, ERROR),
    ("ACC-001", {"teammates": (LIVE,), "policy": OURS}, PASS),
    ("ACC-001", {"teammates": (STRANGER,), "policy": OURS}, FAIL),
    ("ACC-001", {"teammates": (LIVE,)}, MANUAL),
    ("ACC-001", {"teammates": ()}, ERROR),
    ("ACC-001", {"teammates": unreadable()}, ERROR),
    ("ACC-002", {"teammates": (CHIEF,), "policy": OURS}, PASS),
    ("ACC-002", {"teammates": (CHIEF, CHIEF), "policy": OURS}, FAIL),
    ("ACC-002", {"teammates": (CHIEF, LIVE), "policy": OURS}, MANUAL),
    ("ACC-002", {"teammates": ()}, ERROR),
    ("ACC-002", {"teammates": unreadable()}, ERROR),
    ("ACC-004", {"teammates": (LIVE,), "last_seen": (("1", NOW),)}, PASS),
    ("ACC-004", {"teammates": (LIVE,), "last_seen": (("2", NOW),)}, FAIL),
    ("ACC-004", {"teammates": (BOT,), "last_seen": (("2", NOW),)}, MANUAL),
    ("ACC-004", {"teammates": (LIVE,), "last_seen": ()}, MANUAL),
    ("ACC-004", {"teammates": (LIVE,), "last_seen": unreadable()}, ERROR),
    ("ACC-006", {"identity_verification": True, **said("messenger-identity", "yes")}, PASS),
    ("ACC-006", {"identity_verification": True, **NOBODY}, MANUAL),
    ("ACC-006", {"identity_verification": False, **NOBODY}, FAIL),
    ("ACC-006", {"identity_verification": unreadable(), **NOBODY}, ERROR),
    ("ACC-007", {"identity_secrets": (SECRET,)}, PASS),
    ("ACC-007", {"identity_secrets": (BOTH, BOTH)}, FAIL),
    ("ACC-007", {"identity_secrets": (UNSURE, UNSURE)}, MANUAL),
    ("ACC-007", {"identity_secrets": ()}, NA),
    ("ACC-007", {"identity_secrets": unreadable()}, ERROR),
    ("ACC-008", {"allowlist": Allowlist(enabled=True, entries=("192.0.2.0/24",))}, PASS),
    ("ACC-008", {"allowlist": Allowlist(enabled=False, entries=())}, FAIL),
    ("ACC-008", {"allowlist": unreadable()}, ERROR),
    ("ACC-009", {"connectors": (WIRED,)}, PASS),
    ("ACC-009", {"connectors": (PLAIN,)}, FAIL),
    ("ACC-009", {"connectors": ()}, NA),
    ("ACC-009", {"connectors": (WIRED.model_copy(update={"url": ""}),)}, MANUAL),
    ("ACC-009", {"connectors": unreadable()}, ERROR),
    ("ACC-010", {"connectors": (WIRED,)}, PASS),
    ("ACC-010", {"connectors": (PLAIN,)}, FAIL),
    ("ACC-010", {"connectors": (SILENT,)}, MANUAL),
    ("ACC-010", {"connectors": ()}, NA),
    ("ACC-010", {"connectors": unreadable()}, ERROR),
    ("ACC-011", {"connectors": (WIRED,)}, PASS),
    ("ACC-011", {"connectors": (WIRED, ELSEWHERE)}, FAIL),
    ("ACC-011", {"connectors": (SILENT,)}, MANUAL),
    ("ACC-011", {"connectors": (PLAIN,)}, NA),
    ("ACC-011", {"connectors": unreadable()}, ERROR),
    *attested("ACC-012", "two-factor"),
    *attested("ACC-013", "single-sign-on"),
    *attested("ACC-014", "roles"),
    *attested("ACC-015", "sessions"),
    ("ACC-016", {"teammates": (LIVE,)}, PASS),
    ("ACC-016", {"teammates": (LIVE, ODD)}, FAIL),
    ("ACC-016", {"teammates": (ODD, ODD)}, MANUAL),
    ("ACC-016", {"teammates": ()}, ERROR),
    ("ACC-016", {"teammates": unreadable()}, ERROR),
    ("ACC-017", {"events": (), **NOBODY}, PASS),
    ("ACC-017", {"events": FAILURES, **NOBODY}, MANUAL),
    ("ACC-017", explained("yes", date(2026, 2, 28)), PASS),
    ("ACC-017", explained("yes", date(2026, 2, 27)), MANUAL),  # the day of the newest one
    ("ACC-017", explained("yes", date(2026, 2, 28), date(2026, 3, 1)), MANUAL),
    ("ACC-017", explained("no", date(2026, 2, 28)), FAIL),
    ("ACC-017", explained("no", date(2026, 2, 20)), FAIL),  # what came later mends nothing
    ("ACC-017", {"events": unreadable(), **NOBODY}, ERROR),
    ("ACC-017", {"events": FAILURES, "attestations": unreadable()}, ERROR),
]


@pytest.mark.parametrize(("name", "data", "expected"), CASES)
def test_verdict(name: str, data: dict[str, Any], expected: Status) -> None:
    assert set(statuses(CHECKS[name], **data)) == {expected}


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_every_verdict_of_a_check_has_a_case(check: Check) -> None:
    tried = {expected for name, _, expected in CASES if name == check.id}
    promised = {status for status, when in check.verdicts.items() if not when.startswith("never")}
    assert promised <= tried
