"""The battery tells receivers that get a rotation wrong, in the phase in which they do."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.cases import CASES
from helpers.webhooks.request_builder import Phase, PreviousSecret, RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.mutants.defects import Defect
from tests.webhooks.mutants.defects.defect import QUICK, Changes
from tests.webhooks.mutants.defects.rotation import BOTH, OVERLAP, REVOKED
from tests.webhooks.mutants.host import serve

NEW, OLD = secrets.token_hex(20), secrets.token_hex(20)
ALL = [*((defect, False) for defect in OVERLAP), *((defect, True) for defect in REVOKED)]


def tried(changes: Changes, *, revoked: bool) -> set[str]:
    previous = PreviousSecret("OLD_SECRET", OLD.encode(), revoked=revoked)
    with serve(changes, WEBHOOK, NEW, old=OLD) as (url, _):
        builder = RequestBuilder(WEBHOOK, NEW.encode(), previous=previous)
        return failing(run_battery(parse_target(url), builder, QUICK))


def test_a_sound_receiver_knows_both_in_an_overlap_and_one_after_it():
    assert tried(BOTH, revoked=False) == set()
    assert tried({}, revoked=True) == set()


@pytest.mark.parametrize(("defect", "revoked"), ALL, ids=[defect.id for defect, _ in ALL])
def test_a_defect_fails_these_requests_and_no_others(
    *, defect: Defect, revoked: bool, record_property: Callable[[str, object], None]
):
    missed, alarms = defect.misjudged(tried(defect.changes, revoked=revoked))
    record_property("mutant", "survived" if missed else "killed")
    assert (missed, alarms) == (set(), set())


def test_every_request_of_a_rotation_is_the_killer_of_a_mutant():
    builder = RequestBuilder(
        WEBHOOK, NEW.encode(), previous=PreviousSecret("OLD_SECRET", OLD.encode())
    )
    cases = [case for case in CASES if case.phase is not Phase.STEADY]
    sent = {request.name for case in cases for request in case.requests(builder)}
    assert {name for defect, _ in ALL for name in defect.named} == sent
