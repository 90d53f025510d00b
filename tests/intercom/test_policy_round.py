"""From the code to the policy and back: what is generated passes, what is taken away is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

from helpers.checks.scopes import (
    code_has_what_it_uses,
    no_scope_beyond_the_policy,
    policy_covers_the_code,
)
from helpers.intercom.guards import Guards
from helpers.intercom.probes import probe_reads
from helpers.intercom.records import ScopeFacts, TokenScopes, Use, Verdict
from helpers.intercom.section import section
from helpers.intercom.verdicts import verdicts_of
from helpers.model import Known, Status
from helpers.policy import Policy, ScopePolicy
from helpers.usage.scan import scan
from helpers.views.scopes import drift
from tests.checking import off, statuses, verdicts
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


def test_a_scope_that_came_or_went_since_the_last_run_is_drift(hub: Hub) -> None:
    before = {v.scope: v.verdict for v in token(hub, "read_tags").verdicts}
    now = token(hub, "read_conversations")
    facts = ScopeFacts(
        access=Known(now),
        reader=off(),
        writer=off(),
        uses=Known(()),
        previous=Known(tuple((k, str(v)) for k, v in before.items())),
        attestations=Known(()),
    )
    rows = {line.split()[0]: line.split()[1:] for line in drift(facts).text.splitlines()[2:]}
    assert rows == {
        "read_tags": [Verdict.GRANTED, Verdict.MISSING],
        "read_conversations": [Verdict.MISSING, Verdict.GRANTED],
    }
