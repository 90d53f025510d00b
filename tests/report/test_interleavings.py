"""In any order of runs of several workspaces and repositories, each is compared with its own."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.core.model import Baseline, Report, Resource, Status
from helpers.report.history import HistoryLine, compare, prior_findings, record
from helpers.system.state import open_state
from tests.report.samples import NOW, finding, report

WORKSPACES = ("shop-eu", "shop-us", "blog")
REPOSITORIES = ("name:shop", "name:cart", "r:0123456789abcdef")
STEPS = (("environment",), ("environment", "exposure"))
STATUS = {True: Status.FAIL, False: Status.PASS}
RESOURCES = ("a", "b", "c")


class Run(NamedTuple):
    """One run: where, of what, with which steps, and which resources fail in it."""

    workspace: str
    repository: str
    steps: tuple[str, ...]
    failing: frozenset[str]


RUNS = st.lists(
    st.builds(
        Run,
        st.sampled_from(WORKSPACES),
        st.sampled_from(REPOSITORIES),
        st.sampled_from(STEPS),
        st.frozensets(st.sampled_from(RESOURCES)),
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(RUNS)
def test_new_fixed_and_back_again_are_right_in_every_order(made: list[Run]) -> None:
    with TemporaryDirectory() as name:
        before: dict[tuple[str, ...], list[frozenset[str]]] = defaultdict(list)
        for number, run in enumerate(made):
            mine = before[run.workspace, run.repository, ",".join(run.steps)]
            check_against(mine, kept(Path(name), number, run), run.failing)
            mine.append(run.failing)


def kept(folder: Path, number: int, run: Run) -> Report:
    """The report of a run, compared and recorded as an audit does."""
    line = HistoryLine(run.repository, run.steps)
    found = [
        finding("ENV-001", STATUS[one in run.failing], Resource(kind="file", key=one))
        for one in RESOURCES
    ]
    bare = report(*found, generated_at=NOW + timedelta(hours=number))
    with closing(open_state(folder / run.workspace)) as state:
        compared = compare(bare, prior_findings(state, line))
        record(state, f"run-{number}", compared, line)
    return compared


def check_against(earlier: list[frozenset[str]], now: Report, failing: frozenset[str]) -> None:
    """Compare with what the same runs say without any storage."""
    marks = {one.resource.key: one.baseline for one in now.findings}
    if not earlier:
        assert set(marks.values()) == {None}
        assert now.compared_with is None
        return
    last, ever = earlier[-1], frozenset().union(*earlier)
    for one in failing:
        again = Baseline.REGRESSED if one in ever else Baseline.NEW
        assert marks[one] is (Baseline.UNCHANGED if one in last else again)
    assert {one.resource.key for one in now.fixed} == last - failing
