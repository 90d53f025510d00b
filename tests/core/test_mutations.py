"""No mutation that hides or garbles data makes a verdict of any check better.

By default a seeded sample runs. `RUNBOOK_MUTATIONS=all` runs every mutation.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from functools import cache
from typing import Any, Final

import pytest

from helpers.auditlog.records import LogVerdict, MirrorEvidence
from helpers.core.catalog import Check, check, load
from helpers.core.model import (
    Datum,
    Known,
    Outcome,
    Resource,
    Severity,
    Status,
    failed,
    not_applicable,
)
from helpers.core.policy import Policy
from helpers.core.steps import STEPS
from helpers.core.waivers.records import WaiverOrigin, WaiverUse
from helpers.intercom.records import Connector
from tests.access.test_checks import connector
from tests.auditlog import test_checks as auditlog
from tests.checking import NOW
from tests.core.mutations import KINDS, Data, improved, judged, mutants
from tests.core.test_waivers import waiver
from tests.dependencies import test_checks as dependencies
from tests.environment import test_checks as environment
from tests.exposure import test_checks as exposure
from tests.rotation import test_checks as rotation
from tests.scopes import test_every_verdict as reviews
from tests.webhooks import test_checks as webhooks

CHECKS: Final = {found.id: found for found in load()}
ALL: Final = os.environ.get("RUNBOOK_MUTATIONS") == "all"
SAMPLE: Final = 60  # mutations of one set of facts
DEMO: Final = tuple(step.name for step in STEPS)
Fixture = tuple[Check, Data, Policy]


def table_of(test: Any) -> list[tuple[Any, ...]]:
    """The rows that a parametrized test runs on."""
    return [getattr(row, "values", row) for row in test.pytestmark[0].args[1]]


def tabled() -> Iterator[tuple[str, dict[str, Any], Policy]]:
    """What the tests of each room try its checks with."""
    for name, data, _ in (*reviews.CASES, *webhooks.CASES):
        policy = data.get("policy", Policy())
        yield name, {key: value for key, value in data.items() if key != "policy"}, policy
    for made, data, _ in table_of(environment.test_verdict):
        yield made.id, data, Policy()
    for name, given, _ in table_of(exposure.test_the_verdict):
        yield name, dict(exposure.facts(**given)), Policy()
    for releases, lockfiles, _ in table_of(dependencies.test_a_bad_release_fails_whenever_pinned):
        yield "DEP-001", {"releases": releases, "lockfiles": lockfiles}, Policy()
    for files, _ in table_of(dependencies.test_a_file_of_the_malware_fails):
        yield "DEP-002", {"malware_files": files}, Policy()
    for name, data, policy, _ in table_of(rotation.test_a_check_says_what_its_table_says):
        yield name, {"first_audit": None, **data}, policy or Policy()
    yield from of_the_audit_log()
    yield from of_waivers()


def of_the_audit_log() -> Iterator[tuple[str, dict[str, Any], Policy]]:
    """Logs, reviews, mirrors and answers of every kind."""
    verdict = auditlog._verdict(LogVerdict.INTACT, first_seq=5)
    yield "AUD-004", {"log": auditlog._log(verification=verdict)}, Policy()
    for test in (
        auditlog.test_logging_is_on_with_fresh_records_from_before_this_run,
        auditlog.test_integrity_is_as_the_verifier_says,
    ):
        for log, *_ in table_of(test):
            for name in ("AUD-001", "AUD-002", "AUD-003", "AUD-004"):
                yield name, {"log": log}, auditlog.SHORT
    for reviewed, _ in table_of(auditlog.test_an_unreviewed_period_fails):
        yield "AUD-005", {"reviews": reviewed}, Policy()
    for mirrors, _ in table_of(auditlog.test_a_mirror_that_is_behind_fails):
        yield "AUD-006", {"mirror": MirrorEvidence(mirrors=mirrors)}, Policy()
    for made, names in auditlog.ASKED.items():
        for question in names:
            for rows in ((), (auditlog._row(),), (auditlog._row("ann", "at night"),)):
                answers = auditlog._answers(question, *rows)
                data = {"answers": answers, "reviews": (), "teammates": ("id-ann",)}
                for first in (None, NOW) if "first_audit" in made.data else (None,):
                    yield made.id, {**data, "first_audit": first}, Policy()


def of_waivers() -> Iterator[tuple[str, dict[str, Any], Policy]]:
    """Waivers that are needed, expired, stale, of no check, and new in the repository."""
    new = waiver().model_copy(update={"origin": WaiverOrigin.NEW})
    for use in (
        WaiverUse(waiver=waiver(expires=date(2026, 1, 1)), known=True, judged=True, matches=1),
        WaiverUse(waiver=waiver(), known=True, judged=True, matches=1),
        WaiverUse(waiver=waiver(), known=True, judged=True, matches=0),
        WaiverUse(waiver=waiver(), known=False, judged=False, matches=0),
        WaiverUse(waiver=new, known=True, judged=True, matches=1),
        WaiverUse(waiver=waiver(), known=True, judged=True, matches=1, refused="It ends late."),
    ):
        for name in ("WVR-001", "WVR-002", "WVR-003", "WVR-004", "WVR-005"):
            yield name, {"waivers": (use,)}, Policy()


@cache
def fixtures() -> tuple[Fixture, ...]:
    """The facts of every test table that were read whole."""
    found = []
    for name, given, policy in tabled():
        made = CHECKS[name]
        data: dict[str, Datum[Any]] = {
            key: value if hasattr(value, "known") and hasattr(value, "map") else Known(value)
            for key, value in given.items()
            if key in made.data
        }
        if set(data) == set(made.data) and all(isinstance(d, Known) for d in data.values()):
            found.append((made, data, policy))
    return tuple(found)


def better(made: Check, data: Data, policy: Policy) -> list[str]:
    """What each mutation (or each of a sample) made better than it is."""
    honest = judged(made, data, policy)
    tried = list(mutants(made, data))
    if not ALL and len(tried) > SAMPLE:
        tried = random.Random(f"{made.id}{len(tried)}").sample(tried, SAMPLE)
    return [
        f"{made.id}, {kind} at {where}: {what}"
        for kind, where, changed in tried
        for what in improved(honest, judged(made, changed, policy))
    ]


@pytest.mark.parametrize("made", CHECKS.values(), ids=lambda made: made.id)
def test_no_mutation_makes_a_verdict_better(made: Check) -> None:
    mine = [(data, policy) for found, data, policy in fixtures() if found.id == made.id]
    assert mine or not made.data
    assert [what for data, policy in mine for what in better(made, data, policy)] == []


@pytest.mark.parametrize("made", CHECKS.values(), ids=lambda made: made.id)
def test_every_check_is_tried_with_facts_that_fail(made: Check) -> None:
    if made.data:
        mine = [(data, policy) for found, data, policy in fixtures() if found.id == made.id]
        seen = {f.status for data, policy in mine for f in judged(made, data, policy)}
        assert seen & {Status.FAIL, Status.MANUAL, Status.ERROR}


@pytest.mark.parametrize("step", DEMO)
def test_no_mutation_makes_the_demo_better(step: str) -> None:
    from helpers.core.steps import step_named
    from helpers.notebook.context_factory import open_context
    from helpers.notebook.parameters import Choices

    with ExitStack() as closing:
        context = open_context(step, Choices("sandbox"), closing)
        facts = step_named(step).load("collector")(context)
        data = {name: getattr(facts, name) for name in type(facts).model_fields}
        policy = context.policy
    found = [what for made in load(step) for what in better(made, data, policy)]
    assert found == []


@check(
    id="ACC-099",
    step="access",
    title="A check that takes silence for an answer",
    severity=Severity.LOW,
    remediation=("Nothing.",),
    partial=("connectors",),
)
def careless(connectors: tuple[Connector, ...]) -> Iterator[Outcome]:
    """It skips a connector without an address."""
    for one in connectors:
        resource = Resource(kind="data connector", key=one.id)
        plain = one.url and not one.url.startswith("https://")
        yield failed(resource, "Plain.") if plain else not_applicable(resource, "Fine.")


def test_a_careless_check_is_found_out() -> None:
    data = {"connectors": Known((connector("http://a.example"),))}
    found = better(careless, data, Policy())
    assert any("blank at connectors[0].url" in what for what in found)


def test_every_kind_of_mutation_is_tried() -> None:
    tried = {kind for made, data, _ in fixtures() for kind, _, _ in mutants(made, data)}
    assert tried == set(KINDS)
