"""The probe against a sandbox with a table of its own: each set of scopes comes back exactly.

Every request is real HTTP. "Exactly" means the scopes that have a probe; a scope without one is
unknown, whatever the token holds.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers.core.errors import IntercomError
from helpers.intercom.calls import Call
from helpers.intercom.scopes import catalog
from helpers.scopes.probes import READ_PROBES, WRITE_PROBES, probe_reads, probe_writes
from helpers.scopes.records import Grant, ProbeAnswer, Reading
from helpers.scopes.verdicts import PROBED, Guards, verdicts_of
from tests.intercom.hub import Hub

WRITABLE = {"acts": ["write_probes"]}
READ_SCOPES = frozenset(call.scope for call in READ_PROBES)
ALL_SCOPES = frozenset(PROBED.values())


def ask(hub: Hub, scopes: Collection[str], *, writes: bool = False) -> tuple[ProbeAnswer, ...]:
    with hub.client(scopes, **WRITABLE) as client:
        return (*probe_reads(client), *(probe_writes(client) if writes else ()))


def granted(answers: Iterable[ProbeAnswer], guards: Guards) -> frozenset[str]:
    return frozenset(scopes_with(Grant.GRANTED, answers, guards))


def scopes_with(verdict: Grant, answers: Iterable[ProbeAnswer], guards: Guards) -> set[str]:
    return {v.scope for v in verdicts_of(answers, guards) if v.verdict is verdict}


def control(hub: Hub, *, writes: bool = True) -> Guards:
    """What a token without any scope teaches: its refusals, and the scopes that they name."""
    guards = Guards()
    guards.learn(ask(hub, (), writes=writes))
    return guards


def laboratory(hub: Hub) -> Guards:
    """What tokens of known scopes teach where refusals name none: one for each scope."""
    guards = Guards()
    scopes = sorted(ALL_SCOPES & set(hub.scopes()))
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: ask(hub, [one], writes=True), scopes)
        for scope, answered in zip(scopes, answers, strict=True):
            guards.learn(answered, holds=frozenset({scope}))
    return guards


@pytest.mark.parametrize("shape", [403, 401])
def test_every_scope_alone_all_and_none_come_back_exactly(hub: Hub, shape: int) -> None:
    hub.behave(missing_scope_shape=shape)
    guards = control(hub) if shape == 403 else laboratory(hub)
    scopes = sorted(hub.scopes())
    for held in ([], scopes, *([one] for one in scopes)):
        answers = ask(hub, held, writes=True)
        assert granted(answers, guards) == ALL_SCOPES & set(held), held
        assert scopes_with(Grant.MISSING, answers, guards) == ALL_SCOPES - set(held), held
        unknown = scopes_with(Grant.UNKNOWN, answers, guards)
        assert unknown == set(catalog()) - ALL_SCOPES


def test_two_hundred_random_sets_come_back_exactly(hub: Hub) -> None:
    guards, chance = control(hub), random.Random(20260302)
    scopes = sorted(hub.scopes())
    sets = [chance.sample(scopes, chance.randrange(len(scopes) + 1)) for _ in range(200)]
    for held in sets:
        assert granted(ask(hub, held), guards) == READ_SCOPES & set(held)


@pytest.mark.parametrize("shape", [403, 401])
def test_one_token_alone_never_has_a_scope_that_it_lacks(hub: Hub, shape: int) -> None:
    hub.behave(missing_scope_shape=shape)
    chance, scopes = random.Random(7), sorted(hub.scopes())
    for _ in range(20):
        held = chance.sample(scopes, chance.randrange(len(scopes)))
        answers = ask(hub, held, writes=True)
        guards = Guards()
        guards.learn(answers)
        assert granted(answers, guards) <= set(held)
        assert scopes_with(Grant.MISSING, answers, guards) <= set(catalog()) - set(held)


@pytest.mark.parametrize("shape", [403, 401])
@pytest.mark.parametrize("call", READ_PROBES, ids=lambda call: call.name)
def test_a_route_guarded_otherwise_is_never_taken_for_a_grant(
    hub: Hub, call: object, shape: int
) -> None:
    """Guard one route by another scope, and ask with a token that has just that other scope."""
    name = str(getattr(call, "name", ""))
    scope = PROBED[name]
    other = "write_tags" if scope != "write_tags" else "read_counts"
    hub.behave(missing_scope_shape=shape, guards={name: other})
    guards = control(hub, writes=False)
    for held in ([other], [scope]):
        answers = ask(hub, held)
        guards.learn(answers)
        assert scope in held or scope not in granted(answers, guards)
        assert scope not in held or scope not in scopes_with(Grant.MISSING, answers, guards)


def test_a_wrong_mapping_with_one_witness_ends_as_unknown(hub: Hub) -> None:
    hub.behave(guards={"GET /ip_allowlist": "read_tags"})
    answers = ask(hub, ["read_tags"])
    guards = control(hub)
    assert "manage_ip_allowlist" in scopes_with(Grant.UNKNOWN, answers, guards)


@pytest.mark.parametrize("shape", [403, 401])
def test_where_the_id_is_looked_up_first_a_404_grants_nothing(hub: Hub, shape: int) -> None:
    hub.behave(lookup_before_scope=True, missing_scope_shape=shape)
    writing = {call.scope for call in WRITE_PROBES}
    guards = control(hub)
    answers = ask(hub, [], writes=True)
    assert granted(answers, guards) == frozenset()
    assert writing <= scopes_with(Grant.UNKNOWN, answers, guards)


def test_a_burst_of_429_and_5xx_changes_no_verdict(hub: Hub) -> None:
    held = ["read_tags", "read_conversations", "read_users_companies"]
    guards = control(hub, writes=False)
    calm = verdicts_of(ask(hub, held), guards)
    hub.limit(app=10_000, workspace=10_000, window=0.2)
    for _ in range(3):
        # as many as one call is tried again, should they all hit the same one
        hub.fault(kind="status", status=429, times=3)
        hub.fault(kind="status", status=502, times=1)
        shaken = verdicts_of(ask(hub, held), guards)
        assert verdict_of(shaken) == verdict_of(calm)


def verdict_of(verdicts: Iterable[object]) -> Mapping[str, object]:
    return {getattr(v, "scope", ""): getattr(v, "verdict", None) for v in verdicts}


def test_a_plan_that_does_not_cover_a_route_says_nothing_about_its_scope(hub: Hub) -> None:
    hub.behave(plan_restricted=["GET /ip_allowlist"])
    answers = ask(hub, ["manage_ip_allowlist"])
    answer = next(a for a in answers if a.call == "GET /ip_allowlist")
    assert (answer.reading, answer.code) == (Reading.SILENT, "api_plan_restricted")
    assert "manage_ip_allowlist" in scopes_with(Grant.UNKNOWN, answers, control(hub))


def test_an_address_that_is_not_allowed_is_told_from_a_missing_scope(hub: Hub) -> None:
    answers_of = hub.http.put(
        f"{hub.url}/_hub/ip_allowlist", json={"enabled": True, "ip_allowlist": ["192.0.2.1"]}
    )
    answers_of.raise_for_status()
    hub.behave(client_ip="198.51.100.9")
    answers = ask(hub, ["read_tags"])
    assert {a.reading for a in answers} == {Reading.SILENT}
    assert {v.verdict for v in verdicts_of(answers, Guards())} == {Grant.UNKNOWN}


def test_a_dead_token_is_an_error_and_no_verdict(hub: Hub) -> None:
    from pydantic import SecretStr

    from helpers.intercom.client import Client

    with Client(SecretStr("no-such-token"), hub.url) as client, pytest.raises(IntercomError):
        probe_reads(client)


def test_the_probes_change_nothing_and_send_only_what_is_listed(hub: Hub) -> None:
    held = sorted(hub.scopes())
    hub.requests()
    ask(hub, held, writes=True)
    sent = {f"{r['method']} {r['route']}" for r in hub.requests()}
    listed = {c.name.replace("/0", "/{id}") for c in (*READ_PROBES, *WRITE_PROBES)}
    assert sent == listed
    writing = [r for r in hub.requests() if r["method"] != "GET"]
    assert {r["status"] for r in writing} == {404}


def test_a_probe_that_meets_the_rate_limit_waits_and_still_gets_every_answer(hub: Hub) -> None:
    guards = control(hub, writes=False)
    hub.limit(app=20, workspace=100, window=0.5)
    assert granted(ask(hub, ["read_tags"]), guards) == {"read_tags"}


def implied(held: Collection[str]) -> set[str]:
    return {key for scope in held for key in catalog()[scope].implies}


@pytest.mark.parametrize("shape", [403, 401])
def test_where_a_wider_scope_lets_read_too_what_it_opens_is_said_to_be_open_through_it(
    hub: Hub, shape: int
) -> None:
    hub.behave(write_implies_read=True, missing_scope_shape=shape)
    guards = control(hub)
    for held in (["read_write_articles_scope"], ["read_write_news", "read_write_audiences"]):
        verdicts = {v.scope: v for v in verdicts_of(ask(hub, held, writes=True), guards)}
        found = {s for s, v in verdicts.items() if v.verdict is Grant.GRANTED}
        assert found <= set(held) | implied(held)
        for scope in found - set(held):
            assert set(verdicts[scope].through) & set(held)


def test_writes_that_are_guarded_otherwise_grant_nothing_where_refusals_name_the_scope(
    hub: Hub,
) -> None:
    hub.behave(guards=dict.fromkeys(map(route_of, WRITE_PROBES), "read_counts"))
    guards = control(hub)
    answers = ask(hub, ["read_counts"], writes=True)
    guards.learn(answers)
    assert {a.status for a in answers if a.call in {c.name for c in WRITE_PROBES}} == {404}
    assert granted(answers, guards) == frozenset()


def test_one_write_that_is_guarded_otherwise_grants_nothing_where_refusals_name_none(
    hub: Hub,
) -> None:
    for call in WRITE_PROBES:
        hub.behave(missing_scope_shape=401, guards={route_of(call): "read_counts"})
        guards = control(hub)
        answers = ask(hub, ["read_counts"], writes=True)
        guards.learn(answers)
        assert granted(answers, guards) == frozenset(), call.name


def route_of(call: Call) -> str:
    return call.name.replace("/0", "/{id}")


def test_nothing_is_open_through_a_scope_that_is_known_to_be_missing(hub: Hub) -> None:
    guards = control(hub)
    for held, through in (
        (["read_tags"], ()),
        (["read_tags", "read_users_companies"], ("read_users_companies",)),
    ):
        verdicts = {v.scope: v for v in verdicts_of(ask(hub, held), guards)}
        assert verdicts["read_tags"].verdict is Grant.GRANTED
        assert verdicts["read_tags"].through == through
