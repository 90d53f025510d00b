"""A broken receiver that is slow as well is detected all the same.

A seeded sample by default, each with the cases that its defect affects; RUNBOOK_RECEIVERS=all runs
every mutant through the default run.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.matrix import ALL, sampled
from tests.webhooks.mutants.defects import Defect
from tests.webhooks.mutants.defects.defect import QUICK
from tests.webhooks.mutants.host import Server, serve
from tests.webhooks.test_mutants import OF_WEBHOOK, WHOLE

SECRET = secrets.token_hex(20)
PLAIN = [defect for defect in OF_WEBHOOK if defect.options is QUICK]
BRIEF = [defect for defect in PLAIN if not defect.cases(WEBHOOK) & WHOLE and defect.cases(WEBHOOK)]


class Slow(Server):
    """Takes 0.3 s before it reads a request."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        time.sleep(0.3)
        super().finish_request(request, client_address)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "defect", PLAIN if ALL else sampled(BRIEF, 12), ids=lambda defect: defect.id
)
def test_a_slow_mutant_is_detected(defect: Defect, record_property: Callable[[str, object], None]):
    cases = () if ALL else tuple(sorted(defect.cases(WEBHOOK)))
    with serve(defect.changes, WEBHOOK, SECRET, Slow) as (url, module):
        options = BatteryOptions(recovery=0.1, cases=cases)
        if defect.watched:
            options = replace(options, observer=lambda: module.ACTED_UPON)
        result = run_battery(parse_target(url), RequestBuilder(WEBHOOK, SECRET.encode()), options)
    found = failing(result)
    missed, _ = defect.misjudged(found)
    # Of several requests at the same time, none is blamed for a death: E12 reports it.
    survived = set() if "E12" in found else missed if ALL else missed & defect.named
    record_property("slow mutant", "survived" if survived else "killed")
    assert survived == set()
