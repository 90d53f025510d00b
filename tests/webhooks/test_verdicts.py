"""The rules by which one answer is judged, each of them alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.model import Severity
from helpers.webhooks.assessment import judge, worst
from helpers.webhooks.cases import CASES, Case, case_named
from helpers.webhooks.records import CaseOutcome, Expect
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

BUILDER = RequestBuilder(WEBHOOK, b"a secret of nobody")
GENUINE, FORGED = case_named("A02"), case_named("R01")
SIGNED, ADVICE = case_named("E04"), case_named("R32")
CLOSED, HUNG = ReceiverResponse(ResponseKind.CLOSED), ReceiverResponse(ResponseKind.HUNG)
PASS, FAIL, NOTE, OPEN = (
    CaseOutcome.PASS,
    CaseOutcome.FAIL,
    CaseOutcome.NOTE,
    CaseOutcome.INCONCLUSIVE,
)


def status(code: int) -> ReceiverResponse:
    return ReceiverResponse(ResponseKind.ANSWERED, status=code)


def probe_of(case: Case) -> ReceiverRequest:
    return case.requests(BUILDER)[0]


@pytest.mark.parametrize(
    ("case", "answer", "outcome"),
    [
        (GENUINE, status(200), PASS),
        (GENUINE, status(299), PASS),
        (GENUINE, status(199), FAIL),
        (GENUINE, status(302), FAIL),
        (GENUINE, status(401), FAIL),
        (GENUINE, status(500), FAIL),
        (GENUINE, CLOSED, FAIL),
        (GENUINE, HUNG, FAIL),
        (FORGED, status(400), PASS),
        (FORGED, status(499), PASS),
        (FORGED, status(429), OPEN),
        (FORGED, status(200), FAIL),
        (FORGED, status(302), FAIL),
        (FORGED, status(500), FAIL),
        (FORGED, status(501), FAIL),
        (FORGED, CLOSED, FAIL),
        (FORGED, HUNG, FAIL),
        (SIGNED, status(200), PASS),
        (SIGNED, status(400), PASS),
        (SIGNED, status(302), PASS),
        (SIGNED, status(500), FAIL),
        (SIGNED, CLOSED, FAIL),
        (ADVICE, status(200), NOTE),
        (ADVICE, status(401), PASS),
        (ADVICE, status(500), FAIL),
        (ADVICE, CLOSED, FAIL),
        (case_named("A14"), status(405), NOTE),
        (case_named("A14"), status(200), PASS),
    ],
)
def test_an_answer_is_judged_by_what_was_expected(
    case: Case, answer: ReceiverResponse, outcome: CaseOutcome
):
    assert judge(case, probe_of(case), answer).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"), [(CLOSED, PASS), (status(413), PASS), (HUNG, FAIL), (status(500), FAIL)]
)
def test_a_large_body_may_be_refused_by_closing(answer: ReceiverResponse, outcome: CaseOutcome):
    case = case_named("E10")
    assert judge(case, probe_of(case), answer).outcome is outcome


def test_an_unknown_verb_may_be_refused_with_501():
    case = case_named("R24")
    assert judge(case, probe_of(case), status(501)).outcome is PASS


def test_a_redirect_to_https_refuses_plain_http():
    case = case_named("P08")
    assert judge(case, probe_of(case), status(301)).outcome is PASS
    assert judge(case, probe_of(case), status(200)).outcome is FAIL


def test_a_probe_may_expect_something_else_than_its_case():
    case = case_named("P07")
    request = replace(probe_of(case), expect=Expect.SURVIVE)
    assert judge(case, request, status(404)).outcome is PASS


def test_a_forgery_that_breaks_a_receiver_is_less_severe_than_one_that_is_accepted():
    taken, broke = (judge(FORGED, probe_of(FORGED), status(code)) for code in (200, 500))
    assert (taken.severity, taken.broke) == (Severity.CRITICAL, False)
    assert (broke.severity, broke.broke) == (Severity.MEDIUM, True)


def test_where_a_case_is_about_breaking_its_severity_stays():
    case = case_named("E09")
    assert judge(case, probe_of(case), status(500)).severity is case.severity


@given(
    st.sampled_from([case for case in CASES if not case.derived and case.phase == "steady"]),
    st.sampled_from(ResponseKind),
    st.integers(100, 999),
)
def test_no_answer_passes_two_opposite_expectations(case: Case, kind: ResponseKind, code: int):
    answer = ReceiverResponse(kind, status=code if kind is ResponseKind.ANSWERED else 0)
    for request in case.requests(BUILDER):
        judged = [
            judge(replace(case, expect=expect), replace(request, expect=expect), answer).outcome
            for expect in (Expect.ACCEPT, Expect.REFUSE)
        ]
        assert judged != [PASS, PASS]
        assert (judged[0] is PASS) == answer.accepted


def test_the_worst_request_decides_a_case():
    assert worst([PASS, NOTE, OPEN, FAIL]) is FAIL
    assert worst([PASS, NOTE, OPEN]) is OPEN
    assert worst([PASS, NOTE]) is NOTE
    assert worst([]) is CaseOutcome.SKIPPED
