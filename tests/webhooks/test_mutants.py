"""The battery tells every deliberately broken receiver, by the requests that it should, alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import CASES, applicable
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import SCHEMES, WEBHOOK, Scheme
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.mutants.defects import DEFECTS, Defect
from tests.webhooks.mutants.defects.defect import QUICK, compared
from tests.webhooks.mutants.host import serve

SECRET = secrets.token_hex(20)
OF_WEBHOOK = [defect for defect in DEFECTS if WEBHOOK.name in defect.schemes]
OTHERS = [
    (defect, scheme)
    for scheme in SCHEMES.values()
    for defect in DEFECTS
    if scheme is not WEBHOOK and scheme.name in defect.schemes and defect.cases(scheme)
]
# Requests that no mutant fails, because an answer to them can't be wrong, only noted.
NOTED = {
    "A11": "how large a delivery gets is not documented, and who dies of one fails E12",
    "A14": "which status a HEAD gets is not documented, and who dies of one fails E12",
}
WHOLE = {"P02"} | {case.id for case in CASES if case.derived}  # these need all that goes before
ELSEWHERE = {"P08"}  # needs TLS: see test_plain_http.py

Score = Callable[[str, object], None]


def run(defect: Defect | None, scheme: Scheme, options: BatteryOptions) -> BatteryResult:
    with serve(defect.changes if defect else {}, scheme, SECRET) as (url, module):
        if defect and defect.watched:
            options = replace(options, observer=lambda: module.ACTED_UPON)
        return run_battery(parse_target(url), RequestBuilder(scheme, SECRET.encode()), options)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_the_sound_receiver_raises_no_alarm(scheme: Scheme):
    result = run(None, scheme, QUICK)
    assert failing(result) == set()
    assert result.count(CaseOutcome.INCONCLUSIVE) == 0


def test_the_sound_receiver_acts_upon_what_it_accepts_and_on_nothing_else():
    watched = replace(DEFECTS[0], changes={}, watched=True)
    assert failing(run(watched, WEBHOOK, QUICK)) == set()


@pytest.mark.parametrize("defect", OF_WEBHOOK, ids=lambda defect: defect.id)
def test_a_defect_fails_these_requests_and_no_others(defect: Defect, record_property: Score):
    missed, alarms = defect.misjudged(failing(run(defect, WEBHOOK, defect.options)))
    record_property("mutant", "survived" if missed else "killed")
    assert (missed, alarms) == (set(), set())


@pytest.mark.parametrize(
    ("defect", "scheme"), OTHERS, ids=[f"{scheme.name}-{defect.id}" for defect, scheme in OTHERS]
)
def test_the_other_schemes_tell_it_too(defect: Defect, scheme: Scheme, record_property: Score):
    cases = defect.cases(scheme)
    options = (
        defect.options if cases & WHOLE else replace(defect.options, cases=tuple(sorted(cases)))
    )
    missed = cases - {name[:3] for name in failing(run(defect, scheme, options))}
    record_property("mutant", "survived" if missed else "killed")
    assert missed == set()


def test_every_request_that_can_fail_is_the_killer_of_a_mutant():
    builder = RequestBuilder(WEBHOOK, SECRET.encode())
    cases = applicable(WEBHOOK)
    sent = {request.name for case in cases for request in case.requests(builder)}
    derived = {case.id for case in cases if case.derived}
    killers = {name for defect in OF_WEBHOOK for name in defect.named}
    assert (sent | derived) - killers == set(NOTED) | ELSEWHERE
    assert killers <= sent | derived


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_every_case_of_every_scheme_has_a_mutant(scheme: Scheme):
    told = {
        case for defect in DEFECTS if scheme.name in defect.schemes for case in defect.cases(scheme)
    }
    assert {case.id for case in applicable(scheme)} - told == set(NOTED) | ELSEWHERE


def test_a_comparison_that_leaks_time_is_not_told_and_nothing_says_otherwise():
    leaky = replace(DEFECTS[0], changes=compared("claimed == expected"))
    result = run(leaky, WEBHOOK, QUICK)
    assert failing(result) == set()
    assert "constant" not in result.model_dump_json()
