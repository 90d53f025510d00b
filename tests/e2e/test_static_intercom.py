"""A whole audit of a server that is made from Intercom's API description alone.

It knows no workspace: its answers fit the description and not each other. By default it answers
with the examples and with data of two seeds; RUNBOOK_STATIC_SEEDS=50 tries as many.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from helpers.core.model import Status
from helpers.core.steps import STEPS
from helpers.report.folder import load_report
from tests.conftest import make_access_token, run_git
from tests.contract.static_server import METHODS, StaticIntercom, serving
from tests.e2e.conftest import CommandLine

SEEDS: Final = (None, *range(int(os.environ.get("RUNBOOK_STATIC_SEEDS", "2"))))
SAYS_WHY: Final = (Status.ERROR, Status.MANUAL, Status.FAIL)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_step_of_an_audit_ends(seed: int | None, cli: CommandLine, repo: Path) -> None:
    (repo / "README.md").write_text("# An app\n")
    run_git(repo, "add", "README.md")
    run_git(repo, "commit", "-qm", "Begin")
    with serving(seed) as server:
        env = cli.folder / "static.env"
        token = make_access_token()
        env.write_text(
            f"INTERCOM_BASE_URL={server.url}\nINTERCOM_REGION=us\nINTERCOM_ACCESS_TOKEN={token}\n"
        )
        env.chmod(0o600)
        arguments = ("--profile", "production", "--env-file", str(env), "--repo", str(repo))
        done = cli.run("audit", *arguments)
    assert done.returncode in (11, 12, 13, 14), done.stdout + done.stderr
    report = load_report(cli.last_run())
    assert [step for step in report.steps if not step.completed] == []
    assert {step.step for step in report.steps} == {step.name for step in STEPS}
    assert [f for f in report.findings if f.status in SAYS_WHY and not f.message] == []
    pages = [path.read_text("utf-8") for path in cli.last_run().rglob("*.ipynb")]
    assert not any("Traceback" in page for page in pages)
    assert len(server.calls) > 30
    assert server.strangers == []


@pytest.mark.parametrize("version", ["2.16", "preview"])
def test_every_operation_has_an_answer(version: str) -> None:
    for seed in (None, 1):
        mock = StaticIntercom(version, seed)
        for route, operations in mock.description.document["paths"].items():
            for method in operations.keys() & set(METHODS):
                assert mock.answer(method, route.replace("{", "").replace("}", "")), route
