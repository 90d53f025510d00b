"""A whole audit, from the command line to the files it leaves."""

from __future__ import annotations

import json
import signal
import stat
from pathlib import Path

import httpx
import nbformat
import pytest
from dotenv import dotenv_values

from helpers.core.model import Report
from helpers.core.redaction import Redactor
from helpers.report.build import build_report
from helpers.report.folder import load_inputs, load_report, manifest_problems
from helpers.report.incident import incident_of
from helpers.sandbox.seeds import DEMO
from tests.conftest import run_git
from tests.e2e.conftest import CommandLine

NOTEBOOKS = 10


@pytest.fixture(scope="module")
def sandbox_run(tmp_path_factory: pytest.TempPathFactory):
    """One audit of the demo, shared by the tests."""
    cli = CommandLine(tmp_path_factory.mktemp("audit"))
    done = cli.run("audit")
    assert done.returncode == 0, done.stderr
    return cli, done


def secrets_of_the_demo() -> Redactor:
    redactor = Redactor()
    for profile in DEMO.profiles.values():
        redactor.register("access_token", profile.access_token)
        redactor.register("client_secret", profile.client_secret)
        redactor.register("identity_secret", profile.identity_secret)
    redactor.register("access_token", DEMO.read_token)
    redactor.register("access_token", DEMO.write_token)
    return redactor


def leaks_in(folder: Path) -> list[str]:
    redactor = secrets_of_the_demo()
    return [
        f"{path.name}: {label}"
        for path in folder.rglob("*")
        if path.is_file()
        for label in redactor.leaks(path.read_bytes())
    ]


def test_audit_of_the_demo_ends_with_0_and_names_the_report(sandbox_run):
    cli, done = sandbox_run
    assert f"Report: {cli.last_run() / 'report.html'}" in done.stdout
    assert "judged" in done.stdout
    first = done.stdout.splitlines()[0]
    assert first == (
        "Auditing sandbox (demo clock, 18 May 2026) · repository acme-support · built-in policy"
    )
    subject = load_report(cli.last_run()).subject
    assert subject
    assert subject.workspace
    assert subject == load_inputs(cli.last_run()).subject


def test_run_folder_holds_every_file_and_its_manifest_is_right(sandbox_run):
    run = sandbox_run[0].last_run()
    names = {path.name for path in run.iterdir()}
    assert {"report.html", "report.sarif", "report.md", "results.json", "manifest.json"} <= names
    assert len(list((run / "notebooks").glob("*.ipynb"))) == NOTEBOOKS
    assert len(list((run / "snapshots").glob("*.json"))) == NOTEBOOKS - 2
    assert list(manifest_problems(run)) == []


def test_every_step_completed_and_every_severity_is_found(sandbox_run):
    report = load_report(sandbox_run[0].last_run())
    assert [step.step for step in report.steps if not step.completed] == []
    assert all(report.failures().values())


def test_files_and_folders_are_for_their_owner_only(sandbox_run):
    run = sandbox_run[0].last_run()
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (run, *run.rglob("*"))}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_no_artefact_and_no_state_holds_a_secret_in_any_form(sandbox_run):
    cli, done = sandbox_run
    assert leaks_in(cli.out) == []
    assert leaks_in(cli.folder / "state") == []
    assert list(secrets_of_the_demo().leaks((done.stdout + done.stderr).encode())) == []


def test_judging_the_saved_snapshots_again_gives_the_same_findings(sandbox_run):
    run = sandbox_run[0].last_run()
    again = build_report(run, load_inputs(run))
    assert again.findings == load_report(run).findings


def test_executed_notebooks_ran_to_their_last_cell(sandbox_run):
    for path in (sandbox_run[0].last_run() / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code if cell.source), path.name


def test_a_run_is_compared_with_the_last_one_of_the_same_steps(sandbox_run, tmp_path: Path):
    cli, _ = sandbox_run
    options = ("--steps", "environment", "--out", str(tmp_path))
    assert "There is no earlier run to compare with." in cli.run("audit", *options).stdout
    done = cli.run("audit", *options)
    assert "Since the previous run: 0 new, 0 regressed" in done.stdout


def test_audit_of_a_live_profile_fails_by_the_worst_finding(
    cli: CommandLine, live: Path, repo: Path
):
    (repo / "README.md").write_text("# An app\n")
    run_git(repo, "add", "README.md")
    run_git(repo, "commit", "-qm", "Begin")
    before = _listing(repo)
    called = requests_of(live)
    arguments = ("--profile", "production", "--env-file", str(live), "--repo", str(repo))
    done = cli.run("audit", *arguments)
    assert done.returncode == 14, done.stdout + done.stderr
    report = load_report(cli.last_run())
    assert report.profile == "production"
    assert report.subject
    assert report.subject.repository
    commit = run_git(repo, "rev-parse", "HEAD").strip()
    assert report.subject.repository.commit == commit
    assert f"at {commit[:7]}" in done.stdout.splitlines()[0]
    assert [step.step for step in report.steps if not step.completed] == []
    incident = incident_of(report)
    assert incident is not None, "a takeover before the first audit stays an incident"
    assert incident.accounts == ("ruth@example.com",)
    assert "ROT-003" not in {f.check for f in report.findings if f.failing}
    assert "ROT-003" in {f.check for f in report.findings if f.is_history}
    assert leaks_in(cli.folder) == []
    assert _listing(repo) == before, "an audit of a real profile changes nothing"
    sent = {(call["method"], call["route"]) for call in requests_of(live)[len(called) :]}
    assert len(sent) > 20
    posts_that_read = {("POST", "/admins/activity_logs/search")}
    assert [call for call in sent if call[0] != "GET" and call not in posts_that_read] == []


def requests_of(live: Path) -> list[dict[str, str]]:
    """Every call that this local Intercom reports as answered."""
    url = dotenv_values(live)["INTERCOM_BASE_URL"]
    calls: list[dict[str, str]] = httpx.get(f"{url}/_hub/requests").json()
    return calls


def _listing(repo: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in repo.rglob("*") if path.is_file()}


def test_threshold_decides_the_status_and_not_the_report(cli: CommandLine, live: Path, repo: Path):
    arguments = ("--profile", "production", "--env-file", str(live), "--repo", str(repo))
    done = cli.run("audit", *arguments, "--steps", "environment", "--fail-on", "never")
    assert done.returncode == 0
    assert "fail" in done.stdout


def test_a_quiet_audit_prints_what_changed_and_nothing_else(
    cli: CommandLine, live: Path, repo: Path
):
    arguments = ("--profile", "production", "--env-file", str(live), "--repo", str(repo))
    audit = ("audit", *arguments, "--steps", "environment", "--quiet")
    first = cli.run(*audit)
    assert "Auditing production" in first.stdout
    assert first.stderr == ""
    again = cli.run(*audit)
    assert (again.stdout, again.stderr) == ("", "")
    assert again.returncode == first.returncode == 13
    (repo / ".env.staging").write_text("A=1\n")
    changed = cli.run(*audit)
    assert "Since the previous run: 0 new" not in changed.stdout
    assert cli.run(*audit, "--fail-on-new").returncode == 0


def test_keep_prunes_older_runs(cli: CommandLine):
    for _ in range(2):
        assert cli.run("audit", "--steps", "webhooks", "--keep", "1").returncode == 0
    assert len(list(cli.out.iterdir())) == 1


def test_terminated_run_keeps_what_is_finished_and_says_what_is_missing(cli: CommandLine):
    with cli.start("audit", "--jobs", "1") as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("01_environment_setup"):
            pass
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    report = load_report(cli.last_run())
    completed = {step.step for step in report.steps if step.completed}
    missing = [step for step in report.steps if not step.completed]
    assert "environment" in completed
    assert missing
    assert [step.reason for step in missing if "interrupted" not in step.reason] == []
    assert (cli.last_run() / "report.html").is_file()


def test_results_are_valid_against_the_model(sandbox_run):
    text = (sandbox_run[0].last_run() / "results.json").read_text()
    assert Report.model_validate_json(text).schema_version == 1
    assert json.loads(text)["profile"] == "sandbox"


def test_the_reports_anchor_is_one_that_the_log_of_the_runs_is_held_against(sandbox_run):
    cli, _ = sandbox_run
    (note,) = load_report(cli.last_run()).notes
    assert note in (cli.last_run() / "report.md").read_text()
    anchor = note.split()[-1]
    folder = str(cli.folder / "state" / "sandbox" / "audit")
    assert cli.run("auditlog", "verify", folder, "--anchor", anchor).returncode == 0
    other = f"{anchor.partition(':')[0]}:{'0' * 64}"
    assert cli.run("auditlog", "verify", folder, "--anchor", other).returncode == 14
