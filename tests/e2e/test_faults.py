"""A step that fails, a kernel that dies, a notebook that leaks, a locked profile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.core.errors import LeakError, LockedError
from helpers.core.exit_status import BLIND
from helpers.core.model import Status
from helpers.core.settings import Profile, state_home
from helpers.notebook.parameters import Choices
from helpers.report.folder import load_report
from helpers.run import audit as workflow
from helpers.run.audit import AuditRequest, audit
from helpers.sandbox.seeds import DEMO
from helpers.system.lock import lock_profile
from tests.notebooks import notebook
from tests.run.test_execution import Watcher


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the notebooks that a test may break, and a state of its own."""
    monkeypatch.delenv("INTERCOM_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "notebooks"
    shutil.copytree(workflow.NOTEBOOKS, folder)
    monkeypatch.setattr(workflow, "NOTEBOOKS", folder)
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(workflow, "_MEMORY", str(tmp_path / "memory"))
    return folder


def request(tmp_path: Path, *steps: str) -> AuditRequest:
    return AuditRequest(Choices(), tmp_path / "runs", steps=steps, fail_on="never")


DIES = """
from helpers import choose, open_step
import os, tempfile
step = open_step("access", choose())
assert os.listdir(tempfile.gettempdir())  # its demo
os._exit(9)
"""


@pytest.mark.parametrize(
    ("fault", "reason"), [("1/0", "division by zero"), (DIES, "died")], ids=["raises", "dies"]
)
def test_step_that_fails_is_reported_and_the_others_continue(
    notebooks: Path, tmp_path: Path, fault: str, reason: str
):
    notebook(notebooks / "06_workspace_access.ipynb", fault)
    result = audit(request(tmp_path, "environment", "access"), Watcher())
    report = load_report(result.folder)
    completed = {step.step: step.completed for step in report.steps}
    assert completed == {"environment": True, "access": False}
    blind = {finding.status for finding in report.findings if finding.step == "access"}
    assert Status.PASS not in blind
    assert Status.ERROR in blind
    assert reason in next(step.reason for step in report.steps if not step.completed)
    assert (result.folder / "notebooks" / "06_workspace_access.ipynb").is_file()
    assert list(tmp_path.joinpath("memory").iterdir()) == [], "no demo outlives the run"


def test_missing_step_counts_as_not_checked(notebooks: Path, tmp_path: Path):
    from helpers.core.exit_status import exit_status
    from helpers.core.model import Severity

    notebook(notebooks / "05_webhook_verification.ipynb", "1/0")
    result = audit(request(tmp_path, "webhooks"), Watcher())
    assert exit_status(result.report, Severity.CRITICAL) in (3, BLIND)


def test_failure_of_the_last_notebook_loses_no_result(notebooks: Path, tmp_path: Path):
    notebook(notebooks / "09_security_checklist.ipynb", "1/0")
    result = audit(request(tmp_path, "environment"), Watcher())
    assert [outcome.job.name for outcome in result.failed] == ["09_security_checklist"]
    assert (result.folder / "report.html").is_file()


def test_file_that_holds_a_secret_is_withheld_and_the_run_fails_loudly(
    notebooks: Path, tmp_path: Path
):
    code = (
        "from pathlib import Path; from helpers.sandbox.seeds import DEMO; "
        "Path(run_dir, 'notes.txt').write_text(DEMO.profiles['production'].client_secret)"
    )
    notebook(notebooks / "00_start_here.ipynb", code.replace("run_dir", "globals()['run_dir']"))
    with pytest.raises(LeakError, match=r"notes\.txt") as caught:
        audit(request(tmp_path, "webhooks"), Watcher())
    secret = DEMO.profiles["production"].client_secret
    assert secret not in str(caught.value)
    left = [path for path in tmp_path.joinpath("runs").rglob("*") if path.is_file()]
    assert left
    assert not any(secret.encode() in path.read_bytes() for path in left)
    assert not any(path.name == "manifest.json" for path in left), "it must not look complete"


PACKS = """
import duckdb
from pathlib import Path
from helpers.sandbox.seeds import DEMO
secret = DEMO.profiles["production"].client_secret
rows = f"SELECT concat(repeat(md5(range::VARCHAR), 20), ' {secret}') AS detail FROM range(300)"
duckdb.sql(f"COPY ({rows}) TO '{PLACE}/rows.parquet' (FORMAT parquet, COMPRESSION zstd)")
if secret.encode() in Path(f"{PLACE}/rows.parquet").read_bytes():
    Path(f"{PLACE}/rows.parquet").unlink()  # nothing to show: it would be found as it is
"""


@pytest.mark.parametrize("place", ["the run", "the activity log"])
def test_a_secret_in_rows_of_parquet_which_is_compressed_is_found(
    notebooks: Path, tmp_path: Path, place: str
) -> None:
    activity = state_home(Profile.SANDBOX) / "activity" / "abc"
    activity.mkdir(parents=True)
    folder = "{run_dir}" if place == "the run" else str(activity)
    notebook(notebooks / "00_start_here.ipynb", PACKS.replace("{PLACE}", folder))
    secret = DEMO.profiles["production"].client_secret.encode()
    with pytest.raises(LeakError, match=r"rows\.parquet \[redacted client_secret"):
        audit(request(tmp_path, "webhooks"), Watcher())
    assert not list(tmp_path.rglob("rows.parquet"))
    assert secret not in b"".join(p.read_bytes() for p in tmp_path.rglob("*.json"))


def test_profile_that_another_run_holds_is_refused_with_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    with (
        lock_profile(state_home(Profile.SANDBOX)),
        pytest.raises(LockedError, match=r"process .* holds it since"),
    ):
        audit(request(tmp_path, "environment"), Watcher())
