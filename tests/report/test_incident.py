"""What opens the report: signs of a live compromise, and what belongs to them."""

from __future__ import annotations

import pytest

from helpers.core.model import Evidence, Finding, Resource, Severity, Status, WaiverNote
from helpers.report.incident import incident_of
from helpers.report.phrases import headline
from tests.report.samples import finding, report

ACCOUNT = "ruth@example.com"


def takeover(account: str = ACCOUNT, status: Status = Status.FAIL, **changes: object) -> Finding:
    resource = Resource(kind="activity", key=f"takeover/{account}", name=f"Takeover: {account}")
    plain: dict[str, object] = {
        "incident": True,
        "severity": Severity.CRITICAL,
        "fails": "An account shows signs of a takeover",
        "evidence": (
            Evidence(what="failed to log in", where="2026-02-18 02:11 UTC"),
            Evidence(what="logged out", where="2026-02-18 02:51 UTC"),
        ),
        "remediation": ("Ask them.", "Cut the access."),
    }
    return finding("AUD-010", status, resource, **plain | changes)


def export(account: str = ACCOUNT) -> Finding:
    resource = Resource(kind="activity", key=f"exports/{account}")
    seen = (Evidence(what="exported 18,204 contacts"),)
    return finding("AUD-013", Status.FAIL, resource, evidence=seen)


def test_a_takeover_is_told_with_its_steps_its_spoils_and_the_containment():
    told = incident_of(report(takeover(), export()))
    assert told is not None
    assert told.title == "An account shows signs of a takeover"
    assert ACCOUNT in told.sentence
    assert "02:11" in told.sentence
    assert "02:51" in told.sentence
    assert told.contain == ("Ask them.", "Cut the access.")
    assert told.spoils == (("Taken", ("exported 18,204 contacts",)),)
    assert told.accounts == (ACCOUNT,)


def test_findings_about_the_same_account_are_folded_and_others_are_not():
    mine, other = export(), export("maya@example.com")
    told = incident_of(report(takeover(), mine, other))
    assert told is not None
    assert told.related == (mine,)
    assert mine.fingerprint in told.fingerprints
    assert other.fingerprint not in told.fingerprints


def test_an_account_whose_name_contains_another_is_another_account():
    told = incident_of(report(takeover("ruth@example.com"), export("ruth@example.com.evil.net")))
    assert told is not None
    assert told.related == ()


@pytest.mark.parametrize(
    "quiet",
    [
        takeover(severity=Severity.HIGH),
        takeover(incident=False),
        takeover(status=Status.MANUAL),
        takeover(waiver=WaiverNote(owner="ana", reason="a drill", expires="2026-04-01")),
    ],
    ids=["not critical", "not marked", "not a failure", "waived"],
)
def test_what_is_no_sign_of_a_compromise_opens_no_incident(quiet: Finding):
    assert incident_of(report(quiet)) is None


def test_a_committed_key_alone_is_an_incident_with_a_card_of_its_own():
    key = finding("EXP-002", incident=True, severity=Severity.CRITICAL, message="It is committed.")
    told = incident_of(report(key))
    assert told is not None
    assert told.also == (key,)
    assert told.fingerprints == frozenset()
    assert "It is committed." in told.sentence


def test_the_headline_counts_the_accounts():
    two = report(takeover("a@example.com"), takeover("b@example.com"))
    assert headline(two).endswith("; 2 accounts look taken over.")
    assert headline(report(takeover())) == "1 of 1 checks fails; one account looks taken over."
