from __future__ import annotations

from datetime import date

import pytest

from helpers.access.records import Attestation
from helpers.core.catalog import Check
from helpers.core.model import Finding, Status
from helpers.core.policy import AccessPolicy, Policy, ScopePolicy
from helpers.intercom.records import Teammate
from helpers.intercom.scopes import catalog
from helpers.scopes.checks.accounts import (
    owner_is_a_service_account,
    reader_only_reads,
    service_accounts_are_separate,
)
from helpers.scopes.checks.grants import (
    code_has_what_it_uses,
    no_scope_beyond_the_policy,
    no_scope_without_a_use,
    policy_covers_the_code,
    policy_names_real_scopes,
)
from helpers.scopes.needs import AUDIT_USES
from helpers.scopes.records import Grant, ScopeVerdict, TokenScopes, Use
from tests.checking import off, statuses, unreadable, verdicts

TAGS = Use(scope="read_tags", call="GET /tags", path="sync.py", line=7)
NARROW = Policy(scopes=ScopePolicy(allowed=("read_tags",)))


def token(
    *granted: str, unknown: tuple[str, ...] = (), owner: Teammate | None = None, **more: str
) -> TokenScopes:
    def verdict(key: str) -> Grant:
        if key in granted:
            return Grant.GRANTED
        return Grant.UNKNOWN if key in unknown else Grant.MISSING

    rows = tuple(ScopeVerdict(scope=k, verdict=verdict(k), why="") for k in catalog())
    named = {"variable": "INTERCOM_ACCESS_TOKEN", "fingerprint": "a", **more}
    return TokenScopes(verdicts=rows, owner=owner, **named)


def beyond(access: TokenScopes, *attestations: Attestation) -> tuple[Finding, ...]:
    return verdicts(
        no_scope_beyond_the_policy, access=access, attestations=attestations, policy=NARROW
    )


def person(role: str, *, seat: bool) -> Teammate:
    return Teammate(id="1", name="Ada", email="ada@example.com", role=role, inbox_seat=seat)


def test_a_scope_beyond_the_policy_fails_as_severely_as_what_it_opens() -> None:
    found = beyond(token("read_conversations"))
    assert [(f.status, f.severity) for f in found] == [(Status.FAIL, "critical")]
    assert [f.status for f in beyond(token("read_tags"))] == ["PASS"]


@pytest.mark.parametrize(
    ("answer", "expires", "status"),
    [("yes", 2027, "PASS"), ("no", 2027, "FAIL"), ("yes", 2025, "MANUAL"), ("", 2027, "MANUAL")],
)
def test_a_person_vouches_for_the_scopes_that_can_not_be_seen(
    answer: str, expires: int, status: str
) -> None:
    unseen = token("read_tags", unknown=("write_tags",))
    said = Attestation(
        question="token-scopes",
        answer=answer,
        by="Ada",
        on=date(2025, 1, 1),
        expires=date(expires, 6, 1),
        fingerprint="a",
    )
    found = {f.resource.kind: f for f in beyond(unseen, *([said] if answer else []))}
    assert (found["token"].status, found["scopes"].status) == ("PASS", status)
    assert status != "MANUAL" or "Write tags" in found["scopes"].message


@pytest.mark.parametrize("fingerprint", ["b", ""])
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_an_answer_about_another_token_is_no_answer(answer: str, fingerprint: str) -> None:
    said = Attestation(
        question="token-scopes",
        answer=answer,
        by="Ada",
        on=date(2026, 1, 1),
        expires=date(2027, 1, 1),
        fingerprint=fingerprint,
    )
    found = {f.resource.kind: f for f in beyond(token(unknown=("write_tags",)), said)}
    assert found["scopes"].status == "MANUAL"
    assert "another token" in found["scopes"].message


def test_a_person_who_vouches_does_not_outvote_what_was_seen() -> None:
    said = Attestation(
        question="token-scopes",
        answer="yes",
        by="Ada",
        on=date(2026, 1, 1),
        expires=date(2027, 1, 1),
        fingerprint="a",
    )
    found = beyond(token("read_news", unknown=("write_tags",)), said)
    assert [f.status for f in found] == ["FAIL", "PASS"]


def test_a_scope_that_nothing_uses_fails() -> None:
    check = no_scope_without_a_use
    uses = (TAGS, *AUDIT_USES)
    assert statuses(check, attestations=(), access=token("read_news"), uses=uses) == ["FAIL"]
    assert statuses(check, attestations=(), access=token("read_tags"), uses=uses) == ["PASS"]
    assert statuses(check, attestations=(), access=token(), uses=AUDIT_USES) == ["MANUAL"]


def test_a_missing_scope_names_the_call_that_breaks() -> None:
    found = verdicts(code_has_what_it_uses, access=token(), uses=(TAGS,))
    assert [f.status for f in found] == [Status.FAIL]
    assert found[0].evidence[0].where == "sync.py:7"
    assert statuses(code_has_what_it_uses, access=token("read_tags"), uses=(TAGS,)) == ["PASS"]
    assert statuses(code_has_what_it_uses, access=token(), uses=()) == ["MANUAL"]


def test_a_use_that_the_policy_forbids_names_its_place() -> None:
    none = Policy(scopes=ScopePolicy(allowed=()))
    found = verdicts(policy_covers_the_code, access=token(), uses=(TAGS,), policy=none)
    assert (found[0].status, found[0].evidence[0].where) == (Status.FAIL, "sync.py:7")
    fits = statuses(policy_covers_the_code, access=token(), uses=(TAGS,), policy=NARROW)
    assert fits == ["PASS"]
    assert statuses(policy_covers_the_code, access=token(), uses=()) == ["MANUAL"]


@pytest.mark.parametrize(
    ("names", "status"), [(("read:all",), "FAIL"), (("read_tags",), "PASS"), ((), "NOT_APPLICABLE")]
)
def test_names_of_no_scope_are_told(names: tuple[str, ...], status: str) -> None:
    policy = Policy(scopes=ScopePolicy(allowed=names))
    assert statuses(policy_names_real_scopes, policy=policy) == [status]


def test_one_token_for_reader_and_writer_fails() -> None:
    same = statuses(service_accounts_are_separate, reader=token(), writer=token())
    assert same == ["FAIL"]
    other = token(fingerprint="b")
    assert statuses(service_accounts_are_separate, reader=token(), writer=other) == ["PASS"]
    assert statuses(service_accounts_are_separate, reader=off(), writer=other) == ["MANUAL"]


def test_a_reader_that_may_write_fails_and_one_that_might_is_asked_about() -> None:
    for reader, status in (
        (token("write_tags"), "FAIL"),
        (token("read_tags"), "PASS"),
        (token(unknown=("write_tags",)), "MANUAL"),
    ):
        assert statuses(reader_only_reads, reader=reader, attestations=()) == [status]


@pytest.mark.parametrize(
    ("owner", "status"),
    [
        (person("Admin", seat=False), "FAIL"),
        (person("Agent", seat=True), "FAIL"),
        (person("API", seat=False), "PASS"),
        (person("Super reader", seat=False), "MANUAL"),
        (person("", seat=False), "MANUAL"),
        (None, "MANUAL"),
    ],
)
def test_the_owner_of_a_token_is_no_person(owner: Teammate | None, status: str) -> None:
    policy = Policy(access=AccessPolicy(limited_roles=("API", "Agent")))
    owned = token(owner=owner)
    assert statuses(owner_is_a_service_account, access=owned, policy=policy) == [status]


@pytest.mark.parametrize("check", [no_scope_beyond_the_policy, owner_is_a_service_account])
def test_a_token_that_could_not_be_asked_is_an_error(check: Check) -> None:
    assert statuses(check, access=unreadable(), attestations=()) == ["ERROR"]
