"""What proves that a token is alive, and that another is dead: every answer that there can be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from helpers.intercom.responses import ApiResponse
from helpers.rotation.access_token import AccessTokenProcedure
from helpers.rotation.procedure import OperatorInput, ProbeOutcome
from helpers.rotation.verification import (
    DEAD,
    NO_WIDER,
    OLD_REVOKED,
    MeCall,
    ScopeReach,
    alive,
    compare_scopes,
    prove_dead,
    verify,
)
from tests.rotation.test_ages import entry

OLD, NEW = SecretStr("old"), SecretStr("new")
CODES = (*sorted(DEAD), "", "token_unauthorized", "token_blocked", "token_suspended", "forbidden")
answers = st.builds(
    ApiResponse,
    st.just("GET /me"),
    st.sampled_from((200, 401, 403, 404, 429, 500)),
    st.sampled_from(CODES),
)


def one_by_one(answers: Iterable[ApiResponse]) -> MeCall:
    waiting = iter(answers)
    return lambda _: next(waiting)


def me(**app: str) -> ApiResponse:
    return ApiResponse("GET /me", 200, body={"type": "admin", "id": "1", "app": app})


def is_dead(answer: ApiResponse) -> bool:
    return answer.status == 401 and answer.code in DEAD


@given(answers, answers, answers, st.booleans())
def test_only_two_deaths_round_a_living_control_prove_a_death(
    first: ApiResponse, control: ApiResponse, second: ApiResponse, seen: bool
) -> None:
    result = prove_dead(one_by_one((first, control, second)), OLD, NEW, seen_alive=seen)
    wanted = is_dead(first) and is_dead(second) and control.status == 200 and seen
    assert result.proven == wanted


@given(answers, answers, st.booleans())
def test_in_a_gap_two_deaths_of_a_token_that_was_alive_are_enough_and_needed(
    first: ApiResponse, second: ApiResponse, seen: bool
) -> None:
    result = prove_dead(one_by_one((first, second)), OLD, None, seen_alive=seen)
    assert result.proven == (is_dead(first) and is_dead(second) and seen)


def test_the_refusal_of_a_stolen_token_that_was_never_alive_needs_a_person() -> None:
    dead = ApiResponse("GET /me", 401, "unauthorized")
    stolen, answers = entry(compromised=True), iter([dead] * 12)
    token = AccessTokenProcedure(lambda _: next(answers), lambda _: ScopeReach(frozenset()))
    seen_dead = {"alive": False, "status": 401}
    waiting = token.prove_dead(stolen, OLD, None, seen_dead, OperatorInput())
    assert (waiting.outcome, waiting.attestable) == (ProbeOutcome.NOT_YET, OLD_REVOKED)
    confirmed = OperatorInput(attested=frozenset({OLD_REVOKED}))
    proven = token.prove_dead(stolen, OLD, None, seen_dead, confirmed)
    assert proven.proven
    assert proven.detail["how"] == "attested"
    for shown in ({"workspace": "ours"}, {"withdrawn": {"outlook": "proven"}}, {"how": "attested"}):
        assert token.prove_dead(stolen, OLD, None, {**seen_dead, **shown}, OperatorInput()).proven


@pytest.mark.parametrize(
    ("before", "found", "outcome"),
    [
        (ScopeReach(frozenset("ab")), ScopeReach(frozenset("a")), ProbeOutcome.PROVEN),
        (ScopeReach(frozenset("a")), ScopeReach(frozenset("ab")), ProbeOutcome.REFUTED),
        (ScopeReach(frozenset("a")), ScopeReach(frozenset(), frozenset("a")), ProbeOutcome.PROVEN),
        (ScopeReach(frozenset()), ScopeReach(frozenset(), frozenset("a")), ProbeOutcome.NOT_YET),
        (ScopeReach(frozenset(), frozenset("a")), ScopeReach(frozenset("a")), ProbeOutcome.NOT_YET),
        (ScopeReach(frozenset(), frozenset("a")), ScopeReach(frozenset()), ProbeOutcome.PROVEN),
        (None, ScopeReach(frozenset()), ProbeOutcome.NOT_YET),
    ],
)
def test_a_scope_is_no_wider_only_where_both_probes_say_so(
    before: ScopeReach | None, found: ScopeReach, outcome: ProbeOutcome
) -> None:
    result = compare_scopes(lambda _: found, NEW, before.detail if before else {})
    assert result.outcome is outcome
    assert (result.attestable == NO_WIDER) == (outcome is ProbeOutcome.NOT_YET)


@pytest.mark.parametrize("body", [None, {}, [], "a page", {"app": {"id_code": "x"}}])
def test_a_200_of_somebody_else_is_no_sign_of_life(body: Any) -> None:
    result = alive(one_by_one([ApiResponse("GET /me", 200, body=body)]), NEW)
    assert result.outcome is ProbeOutcome.UNCLEAR
    assert "proxy" in result.message


@pytest.mark.parametrize(
    ("app", "outlook", "told"),
    [
        ({"id_code": "ours", "region": "EU"}, ProbeOutcome.PROVEN, "200"),
        ({"id_code": "theirs", "region": "EU"}, ProbeOutcome.REFUTED, "workspace theirs"),
        ({"id_code": "ours", "region": "US"}, ProbeOutcome.REFUTED, "region US"),
        ({"region": "EU"}, ProbeOutcome.UNCLEAR, "which workspace"),
        ({"id_code": "ours"}, ProbeOutcome.UNCLEAR, "which region"),
    ],
)
def test_a_new_key_has_to_say_the_place_that_the_old_one_said(
    app: dict[str, str], outlook: ProbeOutcome, told: str
) -> None:
    result = verify(one_by_one([me(**app)]), NEW, {"workspace": "ours", "region": "EU"})
    assert result.outcome is outlook
    assert told in result.message


def test_where_the_old_key_tells_nothing_the_configured_workspace_counts() -> None:
    token = AccessTokenProcedure(
        lambda _: me(id_code="theirs", region="US"),
        lambda _: ScopeReach(frozenset()),
        workspace="ours",
    )
    stolen = entry(compromised=True)
    refuted = token.verify(stolen, NEW, None, {"status": 401}, OperatorInput())
    assert refuted.outcome is ProbeOutcome.REFUTED
    baseline = {"workspace": "theirs", "region": "US"}
    unseen = token.verify(stolen, NEW, None, baseline, OperatorInput())
    assert (unseen.outcome, unseen.attestable) == (ProbeOutcome.NOT_YET, NO_WIDER)
    confirmed = OperatorInput(attested=frozenset({NO_WIDER}))
    assert token.verify(stolen, NEW, None, baseline, confirmed).proven
    assert token.verify(stolen, NEW, None, {**baseline, "scopes": []}, OperatorInput()).proven


@pytest.mark.parametrize("body", [{}, [], None, {"id": "1"}, {"type": "list", "id": "1"}])
def test_a_control_that_is_no_teammate_proves_no_old_token_dead(body: object) -> None:
    dead = ApiResponse("GET /me", 401, "token_revoked")
    answers = [dead, ApiResponse("GET /me", 200, body=body), dead]
    result = prove_dead(one_by_one(answers), OLD, NEW, seen_alive=True)
    assert result.outcome is ProbeOutcome.UNCLEAR
    assert "without a teammate" in result.message
