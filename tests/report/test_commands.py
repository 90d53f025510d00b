"""`runbook report`, `diff`, `checks`, `explain`, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpers.cli import runbook
from helpers.core import catalog
from helpers.core.errors import UsageError
from helpers.core.model import Report, Resource
from helpers.report.checks_page import checks_page
from helpers.report.folder import finish_run, start_run
from helpers.report.writers import to_json
from tests.conftest import HOME
from tests.report.samples import BEFORE, finding, full_report, report
from tests.report.test_build import finished

Invoke = Callable[..., Result]


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(
        runbook, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    assert result.exception is None
    return result


def saved(root: Path, name: str, content: str) -> Path:
    partial = start_run(root, name)
    (partial / "results.json").write_text(content)
    return finish_run(partial)


def test_the_catalog_page_is_the_one_that_is_committed() -> None:
    committed = (HOME / "docs" / "CHECKS.md").read_text("utf-8")
    assert run("checks", "--format", "markdown").output == committed == checks_page()


def test_checks_lists_every_id_once() -> None:
    ids = [line.split()[0] for line in run("checks").output.splitlines()]
    assert ids == [check.id for check in catalog.load()]
    assert len(ids) == len(set(ids))


def test_checks_of_one_step_are_its_own() -> None:
    said = json.loads(run("checks", "--step", "waivers", "--format", "json").output)
    assert [entry["id"] for entry in said] == [f"WVR-00{n}" for n in range(1, 6)]


def test_an_unknown_step_or_check_is_an_error() -> None:
    with pytest.raises(UsageError, match="no step"):
        run("checks", "--step", "nothing")
    with pytest.raises(UsageError, match="no check"):
        run("explain", "NOT-001")


@pytest.mark.parametrize("check", catalog.load(), ids=lambda check: check.id)
def test_explain_says_why_and_what_leads_to_each_verdict(check: catalog.Check) -> None:
    said = run("explain", check.id.lower()).output
    assert check.rationale in said
    assert all(f"{status:<15} {when}" in said for status, when in check.verdicts.items())
    assert all(line in said for line in check.remediation)


def test_report_shows_coverage_first_and_ends_with_the_status_of_the_run(tmp_path: Path) -> None:
    result = run("report", finished(tmp_path))
    assert "judged" in result.output.splitlines()[0]
    assert result.return_value == 10  # no finding fails, and most could not be looked at


def test_report_writes_the_same_bytes_as_the_run(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    output = tmp_path / "again.json"
    run("report", folder, "--format", "json", "--output", output)
    assert output.read_bytes() == (folder / "results.json").read_bytes()
    assert output.stat().st_mode & 0o077 == 0


def test_report_warns_of_files_that_are_not_as_the_run_left_them(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (folder / "report.md").write_text("")
    assert "report.md was changed" in run("report", folder).stderr


def test_report_takes_other_waivers(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\ncheck = "ENV-999"\nresource = "*"\nowner = "a"\nreason = "b"\n'
        "expires = 2027-01-01\n"
    )
    result = run("report", finished(tmp_path), "--waivers", waivers, "--fail-on", "medium")
    assert "WVR-003" in result.output
    assert result.return_value == 12


def test_diff_shows_new_unchanged_and_fixed(tmp_path: Path) -> None:
    earlier = saved(tmp_path, "20260223T090000Z-production", to_json(_earlier()))
    later = saved(tmp_path, "20260302T090000Z-production", to_json(full_report()))
    lines = run("diff", earlier, later).output.splitlines()
    assert lines[0].startswith("Since the previous run: ")
    assert any(line.startswith("new") and "EXP-002" in line for line in lines)
    assert any(line.startswith("unchanged") and ".env.production" in line for line in lines)
    assert any(line.startswith("fixed") and ".env" in line for line in lines)


def test_diff_speaks_every_format(tmp_path: Path) -> None:
    one = saved(tmp_path, "20260223T090000Z-production", to_json(_earlier()))
    said = json.loads(run("diff", one, one, "--format", "sarif").output)
    assert {r["baselineState"] for r in said["runs"][0]["results"]} == {"unchanged"}


def test_runs_of_two_profiles_are_not_compared(tmp_path: Path) -> None:
    one = saved(tmp_path, "20260223T090000Z-production", to_json(report()))
    two = saved(tmp_path, "20260223T090000Z-staging", to_json(report(profile="staging")))
    with pytest.raises(UsageError, match="same profile"):
        run("diff", one, two)


def _earlier() -> Report:
    keys = (".env", ".env.production")
    found = (finding("ENV-003", resource=Resource(kind="file", key=key)) for key in keys)
    return report(*found, generated_at=BEFORE)


def test_a_run_can_be_named_as_a_person_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no finished run"):
        run("report", "latest")
    folder = finished(tmp_path / "runs")
    said = [run("report", name, "--format", "github").output for name in ("latest", folder.name)]
    assert said == [run("report", folder, "--format", "github").output] * 2
    assert run("diff", folder.name).output == run("diff", folder, folder).output
