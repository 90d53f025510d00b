"""The attack path: open where a check fails, cut where it passes, unknown otherwise."""

from __future__ import annotations

import pytest

from helpers.core.model import Resource, Status
from helpers.report.attack_path import StageState, attack_path
from tests.report.samples import finding, report


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.FAIL, StageState.OPEN),
        (Status.PASS, StageState.CUT),
        (Status.MANUAL, StageState.UNKNOWN),
        (Status.ERROR, StageState.UNKNOWN),
        (Status.NOT_APPLICABLE, StageState.UNKNOWN),
    ],
)
def test_a_stage_is_cut_only_where_its_check_passes(status: Status, state: StageState):
    (branch,) = attack_path(report(finding("ACC-006", status)))
    assert branch.title == "A false customer"
    assert branch.stages[0].state is state
    assert branch.passable is (state is not StageState.CUT)


def test_a_stage_without_a_check_is_unknown_and_stops_nobody():
    (branch,) = attack_path(report(finding("SCP-001", Status.FAIL)))
    states = {stage.title: stage.state for stage in branch.stages}
    assert states["It can do more than it must"] is StageState.OPEN
    assert states["A secret leaks"] is StageState.UNKNOWN
    assert branch.passable


def test_one_failure_outweighs_many_passes():
    passing = [finding("ACC-006", Status.PASS, Resource(kind="x", key=str(n))) for n in range(5)]
    (branch,) = attack_path(report(*passing, finding("ACC-006", Status.FAIL)))
    assert branch.stages[0].state is StageState.OPEN


def test_a_stage_shows_the_worst_and_counts_the_rest():
    found = [finding("SCP-001", Status.FAIL, Resource(kind="s", key=f"s{n}")) for n in range(5)]
    (branch,) = attack_path(report(*found))
    stage = next(stage for stage in branch.stages if stage.checks)
    assert len(stage.details) == 2
    assert stage.more == 3


def test_a_report_that_says_nothing_of_a_branch_draws_none():
    assert attack_path(report()) == ()
