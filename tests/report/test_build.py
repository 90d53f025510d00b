"""From snapshots to a report: the same every time, and nothing passes for want of a look."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from helpers.core import catalog
from helpers.core.errors import UsageError
from helpers.core.judge import judge
from helpers.core.model import Baseline, Report, Snapshot, Status, Unavailable
from helpers.core.policy import Policy, WaiverPolicy
from helpers.core.steps import STEPS
from helpers.core.waivers import Waiver
from helpers.environment.records import EnvironmentFacts
from helpers.report.build import build_report, rejudge, tool_version
from helpers.report.folder import (
    finish_run,
    finished_runs,
    load_inputs,
    load_report,
    manifest_problems,
    prune_runs,
    run_name,
    start_run,
)
from helpers.report.history import PriorFindings, findings_after
from helpers.report.judging_inputs import JudgingInputs
from helpers.report.writers import FORMATS, render, write_reports
from helpers.system.files import write_private
from tests.report.samples import NOW

OFF = Unavailable(reason="It was kept off.", call="nothing")


def inputs(*steps: str, **changes: object) -> JudgingInputs:
    plain = JudgingInputs(
        profile="staging",
        generated_at=NOW,
        tool_version="0.1.0",
        policy=Policy(),
        steps=steps or ("environment",),
    )
    return plain.model_copy(update=changes)


def snapshot() -> Snapshot[EnvironmentFacts]:
    from helpers.core.model import Known

    facts = EnvironmentFacts.model_validate(
        dict.fromkeys(EnvironmentFacts.model_fields, OFF) | {"variables": Known(())}
    )
    return Snapshot[EnvironmentFacts](
        step="environment", profile="staging", taken_at=NOW, facts=facts
    )


def save(run: Path) -> None:
    write_private(run / "snapshots" / "environment.json", snapshot().model_dump_json())


def finished(root: Path, name: str = "20260302T090000Z-staging", **changes: object) -> Path:
    partial = start_run(root, name)
    save(partial)
    on = inputs(**changes)
    list(write_reports(partial, build_report(partial, on), on, str))
    return finish_run(partial)


def pinned(version: str) -> Policy:
    usual = Policy()
    table = usual.environment.model_copy(update={"api_version": version})
    return usual.model_copy(update={"environment": table})


@pytest.mark.parametrize("given", ["Preview", "2.16"])
def test_a_verdict_that_the_repositorys_own_policy_decided_is_marked(
    tmp_path: Path, given: str
) -> None:
    """One verdict differs from the built-in policy's, in either direction."""
    other = {"Preview": "2.16", "2.16": "Preview"}[given]
    run = start_run(tmp_path, "run")
    write_private(run / "snapshots" / "environment.json", snapshot().model_dump_json())
    chosen = inputs(policy=pinned(given), usual_policy=pinned(other))
    report = build_report(run, chosen)
    marks = {
        one.check: one.evidence[-1]
        for one in report.findings
        if any("repository's own policy" in each.what for each in one.evidence)
    }
    assert set(marks) == {"ENV-011"}
    verdict = "FAIL" if other == "Preview" else "PASS"
    assert f"the built-in one says {verdict}" in marks["ENV-011"].what
    hidden = [note for note in report.notes if "ENV-011" in note]
    assert len(hidden) == (1 if other == "Preview" else 0)
    plain = build_report(run, inputs(policy=pinned(given)))
    assert "repository's own policy" not in plain.model_dump_json()


def test_a_saved_snapshot_gives_the_findings_that_the_judge_gave(tmp_path: Path) -> None:
    save(tmp_path)
    checks = catalog.load("environment")
    assert build_report(tmp_path, inputs()).findings == judge(snapshot(), checks, Policy(), NOW)


def test_a_step_without_a_snapshot_is_an_error_of_each_of_its_checks(tmp_path: Path) -> None:
    made = build_report(tmp_path, inputs(reasons={"environment": "The kernel died."}))
    (step,) = made.steps
    assert (step.completed, step.reason) == (False, "The kernel died.")
    assert {f.status for f in made.findings} == {Status.ERROR}
    assert {f.message for f in made.findings} == {"The kernel died."}
    assert {f.check for f in made.findings} == {c.id for c in catalog.load("environment")}


@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_every_step_can_be_missing(tmp_path: Path, step: str) -> None:
    made = build_report(tmp_path, inputs(step))
    assert {f.status for f in made.findings} == {Status.ERROR}
    assert made.steps[0].reason == "The step ended without a result."


@pytest.mark.parametrize("content", ["", "{", '{"step": "environment"}', "null"])
def test_a_torn_snapshot_is_a_missing_step(tmp_path: Path, content: str) -> None:
    write_private(tmp_path / "snapshots" / "environment.json", content)
    made = build_report(tmp_path, inputs())
    assert not made.steps[0].completed
    assert "incomplete" in made.steps[0].reason


def test_waivers_are_noted_and_judged_themselves(tmp_path: Path) -> None:
    save(tmp_path)
    stale = Waiver(check="NOT-001", resource="*", owner="a", reason="b", expires=date(2027, 1, 1))
    made = build_report(tmp_path, inputs(waivers=(stale,)))
    assert {f.check for f in made.findings if f.status is Status.FAIL} >= {"WVR-003"}


def test_a_report_is_compared_with_what_was_before(tmp_path: Path) -> None:
    save(tmp_path)
    first = build_report(tmp_path, inputs())
    later = build_report(
        tmp_path, inputs(generated_at=NOW + timedelta(days=1)), findings_after(first)
    )
    assert later.compared_with == NOW
    assert {f.baseline for f in later.findings} == {Baseline.UNCHANGED}


def test_judging_a_finished_run_again_gives_the_same_bytes(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert render(rejudge(run), "json") == (run / "results.json").read_text()


def test_judging_again_keeps_the_saved_comparison(tmp_path: Path) -> None:
    partial = start_run(tmp_path, "20260302T090000Z-staging")
    save(partial)
    before = PriorFindings(NOW - timedelta(days=1), {})
    drawn = build_report(partial, inputs(), before)
    list(write_reports(partial, drawn, inputs(), str))
    assert rejudge(finish_run(partial)) == drawn


def test_judging_again_by_other_waivers_says_so(tmp_path: Path) -> None:
    run = finished(tmp_path)
    waiver = Waiver(check="ENV-003", resource="*", owner="a", reason="b", expires=date(2027, 1, 1))
    allowing = Policy(waivers=WaiverPolicy(any_resource={"ENV-003": "A test."}))
    again = rejudge(run, waivers=(waiver,), policy=allowing)
    assert {f.waiver is not None for f in again.findings if f.check == "ENV-003"} == {True}


def test_a_finished_run_holds_every_format_for_its_owner_alone(tmp_path: Path) -> None:
    run = finished(tmp_path)
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert names == {
        *(form.file for form in FORMATS.values() if form.file),
        "terms.json",
        "manifest.json",
        "snapshots/environment.json",
    }
    assert {path.stat().st_mode & 0o077 for path in (run, *run.rglob("*"))} == {0}
    assert load_inputs(run) == inputs()
    assert load_report(run).profile == "staging"


def test_the_redactor_stands_between_reports_and_disk(tmp_path: Path) -> None:
    save(tmp_path)
    made = build_report(tmp_path, inputs(profile="secret-value"))
    list(write_reports(tmp_path, made, inputs(), lambda text: text.replace("secret-value", "#")))
    assert "secret-value" not in (tmp_path / "report.html").read_text()


def test_the_manifest_reports_changed_added_and_missing_files(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert list(manifest_problems(run)) == []
    (run / "report.md").write_text("other")
    (run / "added").write_text("")
    (run / "report.html").unlink()
    assert list(manifest_problems(run)) == [
        "added was added",
        "report.html is missing",
        "report.md was changed",
    ]


def test_a_run_that_died_never_looks_finished(tmp_path: Path) -> None:
    save(start_run(tmp_path, "20260302T090000Z-staging"))
    assert finished_runs(tmp_path) == ()


def test_two_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    assert finished(tmp_path) != finished(tmp_path)
    assert len(finished_runs(tmp_path)) == 2


def test_pruning_keeps_the_latest_of_a_profile_and_all_of_others(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        finished(tmp_path, f"2026030{day}T090000Z-staging")
    other = finished(tmp_path, "20260301T090000Z-production")
    prune_runs(tmp_path, "staging", 1)
    assert finished_runs(tmp_path) == (tmp_path / "20260303T090000Z-staging", other)
    with pytest.raises(UsageError, match="1 or more"):
        prune_runs(tmp_path, "staging", 0)


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_folder_that_is_not_a_run_is_an_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(UsageError):
        load_report(tmp_path)


def test_a_run_is_named_by_its_time_and_profile() -> None:
    assert run_name(NOW, "production") == "20260302T090000Z-production"


def test_an_unknown_format_is_an_error_that_lists_the_known_ones() -> None:
    empty = Report(
        tool_version=tool_version(), profile="x", generated_at=NOW, steps=(), findings=()
    )
    with pytest.raises(UsageError, match="json, html, sarif, markdown"):
        render(empty, "csv")


def test_a_copied_run_is_still_the_run(tmp_path: Path) -> None:
    run = finished(tmp_path / "here")
    shutil.copytree(run, tmp_path / "there")
    assert rejudge(tmp_path / "there") == rejudge(run)
