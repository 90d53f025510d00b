"""From the code to the policy and back: what is generated passes, what is taken away is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

from helpers.core.model import Status
from helpers.core.policy import Policy, ScopePolicy
from helpers.scopes.checks.grants import (
    code_has_what_it_uses,
    no_scope_beyond_the_policy,
    policy_covers_the_code,
)
from helpers.scopes.documents import section
from helpers.scopes.probes import probe_reads
from helpers.scopes.records import TokenScopes, Use
from helpers.scopes.usage.scan import scan
from helpers.scopes.verdicts import Guards, verdicts_of
from tests.checking import statuses, verdicts
from tests.intercom.hub import Hub

SOURCE = """import httpx

httpx.get("https://api.intercom.io/tags")
httpx.get("https://api.intercom.io/conversations")
"""


def uses_in(folder: Path) -> tuple[Use, ...]:
    (folder / "sync.py").write_text(SOURCE)
    return scan(folder)


def token(hub: Hub, *scopes: str) -> TokenScopes:
    guards = Guards()
    for held in ((), scopes):
        with hub.client(held) as client:
            answers = probe_reads(client)
        guards.learn(answers)
    return TokenScopes(variable="T", fingerprint="a", verdicts=verdicts_of(answers, guards))


def generated(uses: tuple[Use, ...]) -> Policy:
    table = tomllib.loads(section("production", uses))["profiles"]["production"]["scopes"]
    return Policy(scopes=ScopePolicy.model_validate(table))


def test_the_generated_policy_makes_the_next_audit_pass(hub: Hub, tmp_path: Path) -> None:
    uses = uses_in(tmp_path)
    policy = generated(uses)
    assert policy.scopes.allowed == ("read_tags", "read_conversations")
    granted = token(hub, *policy.scopes.allowed)
    found = statuses(no_scope_beyond_the_policy, access=granted, attestations=(), policy=policy)
    assert sorted(found) == [Status.MANUAL, Status.PASS]  # what can't be seen stays a question
    covered = statuses(policy_covers_the_code, access=granted, uses=uses, policy=policy)
    assert covered == [Status.PASS]
    assert statuses(code_has_what_it_uses, access=granted, uses=uses) == [Status.PASS]


def test_removing_one_needed_scope_names_the_call_site(hub: Hub, tmp_path: Path) -> None:
    uses = uses_in(tmp_path)
    (finding,) = verdicts(code_has_what_it_uses, access=token(hub, "read_tags"), uses=uses)
    assert (finding.status, finding.resource.key) == (Status.FAIL, "read_conversations")
    assert finding.evidence[0].where == "sync.py:4"
