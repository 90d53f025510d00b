"""Coverage, checklist, what to do next, controls: what a report says at a glance."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core import catalog
from helpers.core.catalog import CHECKLIST
from helpers.core.model import (
    HISTORY,
    Baseline,
    Effort,
    Finding,
    Resource,
    Severity,
    Status,
    StepResult,
    WaiverNote,
)
from helpers.report.controls import FRAMEWORKS, control_ids
from helpers.report.phrases import change_sentence, quiet_sentence, verdict_sentence
from helpers.report.summary import (
    blocked,
    checklist,
    compliance,
    coverage,
    in_order,
    is_changed,
    next_steps,
    step_groups,
    verdict,
)
from tests.report.samples import BEFORE, finding, full_report, report

WAIVED = WaiverNote(owner="ana", reason="known", expires="2026-12-31")


def of(status: Status, number: int, **changes: object) -> Finding:
    return finding("ENV-001", status, Resource(kind="file", key=f"f{number}"), **changes)


def test_the_headline_counts_checks_not_findings() -> None:
    made = report(of(Status.PASS, 1), of(Status.PASS, 2), finding("ENV-002", Status.MANUAL))
    assert coverage(made).headline == "1 judged, 1 needs a person, 0 could not look"


def test_checks_on_waivers_are_not_counted() -> None:
    made = report(of(Status.PASS, 1), finding("WVR-001", Status.PASS, step="waivers"))
    assert coverage(made).total == 1


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ((Status.PASS, Status.FAIL), Status.FAIL),
        ((Status.PASS, Status.ERROR), Status.ERROR),
        ((Status.PASS, Status.MANUAL), Status.MANUAL),
        ((Status.MANUAL, Status.ERROR), Status.ERROR),
        ((Status.PASS, Status.NOT_APPLICABLE), Status.PASS),
        ((Status.NOT_APPLICABLE,), Status.NOT_APPLICABLE),
    ],
)
def test_a_check_says_what_matters_most(statuses: tuple[Status, ...], said: Status) -> None:
    assert verdict(statuses) is said


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_a_check_that_could_not_look_somewhere_never_counts_as_passing(
    statuses: list[Status],
) -> None:
    if verdict(statuses) is Status.PASS:
        assert set(statuses) <= {Status.PASS, Status.NOT_APPLICABLE}


def test_every_check_is_counted_once() -> None:
    found = coverage(full_report())
    assert found.total == len({f.check for f in full_report().findings if f.step != "waivers"})


def test_the_checklist_has_its_six_items_whatever_the_run() -> None:
    assert [item.title for item in checklist(report())] == list(CHECKLIST.values())
    assert all(item.status is None for item in checklist(report()))


def test_an_item_keeps_a_waived_failure_and_says_that_it_is_waived() -> None:
    (item,) = (i for i in checklist(full_report()) if i.key == "keys_differ")
    assert (item.status, item.waived) == (Status.FAIL, True)


def test_a_check_of_the_catalog_bears_on_every_item() -> None:
    assert {check.checklist for check in catalog.load()} >= set(CHECKLIST)


def test_failures_come_first_the_worst_of_them_ahead() -> None:
    found = [
        of(Status.MANUAL, 1),
        of(Status.ERROR, 2),
        finding("ENV-002", severity=Severity.LOW),
        finding("ENV-003", severity=Severity.CRITICAL),
    ]
    said = [(step.status, step.worst.severity) for step in next_steps(found)]
    assert said == [
        (Status.FAIL, Severity.CRITICAL),
        (Status.FAIL, Severity.LOW),
        (Status.ERROR, Severity.HIGH),
        (Status.MANUAL, Severity.HIGH),
    ]


def test_among_equals_what_is_new_then_what_is_fixed_soonest_comes_first() -> None:
    found = [
        finding("ENV-001", baseline=Baseline.UNCHANGED, effort=Effort.MINUTES),
        finding("ENV-002", baseline=Baseline.NEW, effort=Effort.DAYS),
        finding("ENV-003", baseline=Baseline.REGRESSED, effort=Effort.MINUTES),
    ]
    assert [step.check for step in next_steps(found)] == ["ENV-003", "ENV-002", "ENV-001"]


def test_waived_and_fine_findings_ask_for_nothing() -> None:
    found = [of(Status.PASS, 1), of(Status.NOT_APPLICABLE, 2), of(Status.FAIL, 3, waiver=WAIVED)]
    assert next_steps(found) == ()


def test_one_check_with_one_remedy_is_one_thing_to_do() -> None:
    (step,) = next_steps([of(Status.FAIL, 1), of(Status.FAIL, 2)])
    assert len(step.findings) == 2


def test_order_puts_what_asks_for_attention_before_waived_before_fine() -> None:
    found = [
        of(Status.NOT_APPLICABLE, 5),
        of(Status.PASS, 4),
        of(Status.FAIL, 3, waiver=WAIVED),
        of(Status.MANUAL, 2),
        of(Status.ERROR, 1),
        of(Status.FAIL, 0),
    ]
    assert [f.resource.key for f in in_order(found)] == [f"f{n}" for n in range(6)]


def test_groups_hold_every_finding_once_with_waivers_last() -> None:
    groups = step_groups(full_report())
    assert sum(len(group.findings) for group in groups) == len(full_report().findings)
    assert groups[-1].step == "waivers"


def test_a_missing_step_stays_in_its_place() -> None:
    steps = (
        StepResult(step="environment", title="Environment set-up", completed=False, reason="gone"),
        StepResult(step="access", title="Workspace access", completed=True),
    )
    groups = step_groups(report(steps=steps))
    assert [(g.step, g.completed) for g in groups] == [("environment", False), ("access", True)]


def test_every_control_is_shown_whether_a_check_bears_on_it_or_not() -> None:
    shown = {row.control for _, rows in compliance(full_report()) for row in rows}
    assert shown == control_ids()
    assert {row.status for _, rows in compliance(report()) for row in rows} == {None}


def test_a_control_has_the_verdict_that_matters_most() -> None:
    made = report(
        finding("ENV-001", Status.PASS, controls=("SOC 2 CC6.1",)),
        finding("ENV-002", Status.ERROR, controls=("SOC 2 CC6.1",)),
    )
    (row,) = (r for _, rows in compliance(made) for r in rows if r.checks)
    assert row.checks == (("ENV-001", Status.PASS), ("ENV-002", Status.ERROR))
    assert row.status is Status.ERROR


def test_checks_name_only_controls_of_the_list() -> None:
    named = {control for check in catalog.load() for control in check.controls}
    assert named <= control_ids()


def test_control_ids_are_unique_over_all_frameworks() -> None:
    assert len(control_ids()) == sum(len(framework.controls) for framework in FRAMEWORKS)


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ((), "No finding fails."),
        ((Severity.LOW,), "1 low finding fails. Fix them when convenient."),
        ((Severity.MEDIUM,) * 2, "2 medium findings fail. Schedule a fix."),
        ((Severity.HIGH, Severity.LOW), "1 high and 1 low findings fail. Start this week."),
        (tuple(Severity), "1 critical, 1 high, 1 medium and 1 low findings fail. Start today."),
    ],
)
def test_the_verdict_in_a_sentence(severities: tuple[Severity, ...], said: str) -> None:
    made = [of(Status.FAIL, n, severity=s) for n, s in enumerate(severities)]
    assert verdict_sentence(report(*made)) == said


def test_a_clean_verdict_mentions_waived_failures() -> None:
    said = verdict_sentence(report(of(Status.FAIL, 1, waiver=WAIVED)))
    assert said == "No finding fails. 1 finding is waived."


def test_without_an_earlier_run_the_change_sentence_says_so() -> None:
    assert change_sentence(report()) == "There is no earlier run to compare with."


def test_quiet_findings_in_a_sentence() -> None:
    found = [of(Status.PASS, 1), of(Status.NOT_APPLICABLE, 2)]
    assert quiet_sentence(found) == "1 passing, 1 not applicable"
    assert quiet_sentence(found[:1]) == "1 passing"


def test_severities_of_what_to_do_never_rise() -> None:
    steps = [s for s in next_steps(full_report().findings) if s.status is Status.FAIL]
    for one, following in pairwise(steps):
        assert one.worst.severity.rank >= following.worst.severity.rank


def test_what_was_before_the_first_audit_is_one_step_the_last() -> None:
    old = [
        finding(check, Status.MANUAL, Resource(kind=HISTORY, key=check), message="Before.")
        for check in ("ROT-003", "AUD-012", "AUD-013")
    ]
    steps = next_steps([*old, finding("ENV-001"), finding("ENV-002", Status.MANUAL)])
    assert [step.check for step in steps] == ["ENV-001", "ENV-002", "AUD-012, AUD-013, ROT-003"]
    (cause,) = [one for one in blocked(old) if one.cause == "Before."]
    assert cause.checks == ("AUD-012", "AUD-013", "ROT-003")


def test_history_that_was_reviewed_is_no_step() -> None:
    assert not next_steps([finding("AUD-012", Status.PASS, Resource(kind=HISTORY, key="exports"))])


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({}, False),
        ({"compared_with": None}, True),
        ({"fixed": (finding(),)}, True),
        ({"findings": (finding(baseline=Baseline.UNCHANGED),)}, False),
        ({"findings": (finding(baseline=Baseline.NEW),)}, True),
        ({"findings": (finding(baseline=Baseline.REGRESSED),)}, True),
        ({"findings": (finding(status=Status.ERROR, baseline=Baseline.NEW),)}, True),
        ({"findings": (finding(status=Status.MANUAL, baseline=Baseline.NEW),)}, True),
        ({"findings": (finding(status=Status.PASS, baseline=Baseline.NEW),)}, False),
        ({"findings": (finding(status=Status.PASS, baseline=Baseline.FIXED),)}, False),
    ],
)
def test_a_run_has_changed_if_it_says_what_the_run_before_did_not(
    changes: dict[str, object], *, changed: bool
) -> None:
    made = report().model_copy(update={"compared_with": BEFORE, **changes})
    assert is_changed(made) is changed
