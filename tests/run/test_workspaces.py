"""Five workspaces on one machine, three repositories, by HTTP: each run continues its own line."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import WrongWorkspaceError
from helpers.core.model import Baseline, Report, Status
from helpers.core.settings import state_home
from helpers.core.workspaces import workspace_named
from helpers.notebook.context_factory import policy_of
from helpers.notebook.parameters import Choices
from helpers.notebook.session import open_step
from helpers.report import history
from helpers.report.build import build_report, tool_version
from helpers.report.judging_inputs import JudgingInputs
from helpers.run.identity import confirmed_subject, history_line
from helpers.sandbox import start
from helpers.system.state import open_state
from helpers.system.state.pinned import pinned_id
from tests.conftest import run_git
from tests.intercom.hub import Hub

SCOPES = {"read_single_admin", "read_admins"}
NAMES = ("shop-eu", "shop-us", "blog", "help", "beta")
REPOSITORIES = ("shop", "cart", "site")
STEPS = ("environment",)


@dataclass
class Machine:
    """An operator's machine: their file of workspaces, repositories, and a folder for runs."""

    folder: Path
    runs: int = 0

    def env_file(self, name: str) -> Path:
        return self.folder / "secrets" / f"{name}.env"

    def repository(self, name: str) -> Path:
        return self.folder / name

    def run(self, workspace: str, repository: str) -> Report:
        """One audit without notebooks: confirmed, collected, judged, compared, recorded."""
        choices = Choices(workspace, repo=str(self.repository(repository)))
        subject = confirmed_subject(choices, STEPS, policy_of(choices))
        self.runs += 1
        folder = self.folder / "runs" / str(self.runs)
        session = open_step(
            "environment", Choices(workspace, repo=choices.repo, run_dir=str(folder))
        )
        session.finish()
        inputs = JudgingInputs(
            profile=workspace,
            generated_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.runs),
            tool_version=tool_version(),
            policy=policy_of(choices),
            steps=STEPS,
            subject=subject,
        )
        line = history_line(subject, STEPS)
        with closing(open_state(state_home(workspace_named(workspace)))) as state:
            report = build_report(folder, inputs, before=history.prior_findings(state, line))
            history.record(state, f"run-{self.runs}", report, line)
        return report


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[str, ...]]:
    """Where each workspace is: two share a sandbox, the others share another one."""
    with start() as one, start() as other:
        yield tuple(f"{(one if n < 2 else other).url}/w/{name}" for n, name in enumerate(NAMES))


@pytest.fixture
def machine(tmp_path: Path, sandboxes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "secrets").mkdir()
    entries = []
    for name, url in zip(NAMES, sandboxes, strict=True):
        with httpx.Client(trust_env=False) as http:
            token = Hub(url, http).token(SCOPES, workspace=f"id{name.replace('-', '')}")
        made.env_file(name).write_text(f"INTERCOM_ACCESS_TOKEN={token}\n")
        made.env_file(name).chmod(0o600)
        environment = "staging" if name == "beta" else "production"
        entries.append(
            f'[{name}]\nenvironment = "{environment}"\nbase_url = "{url}"\n'
            f'secrets = "env-file:secrets/{name}.env"\n'
        )
    (tmp_path / "workspaces.toml").write_text("\n".join(entries))
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(tmp_path / "workspaces.toml"))
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", "exported-for-something-else")
    for name in REPOSITORIES:
        folder = made.repository(name)
        folder.mkdir()
        run_git(folder, "init", "-q", "-b", "main")
        (folder / "app.py").write_text(f"print({name!r})\n")
        run_git(folder, "add", ".")
        run_git(folder, "commit", "-qm", "Begin")
    return made


def env_rule(report: Report) -> tuple[Status, Baseline | None]:
    """What is said of the rule that keeps .env out of git."""
    (found,) = [f for f in report.findings if f.check == "ENV-003" and f.resource.key == ".env"]
    return found.status, found.baseline


def test_interleaved_runs_say_new_fixed_and_back_again_of_their_own(machine: Machine) -> None:
    chosen = random.Random(13)
    fails: dict[str, bool] = dict.fromkeys(REPOSITORIES, True)
    earlier: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for _ in range(40):
        name = chosen.choice(REPOSITORIES)
        fails[name] = chosen.random() < 0.5
        (machine.repository(name) / ".gitignore").write_text("" if fails[name] else ".env\n")
        workspace, repository = chosen.choice(NAMES), chosen.choice(REPOSITORIES)
        mine, now = earlier[workspace, repository], fails[repository]
        status, mark = env_rule(machine.run(workspace, repository))
        assert status is (Status.FAIL if now else Status.PASS)
        assert mark is expected(mine, now=now)
        mine.append(now)
    assert {len(runs) for runs in earlier.values()} >= {1, 2, 3}


def expected(earlier: list[bool], *, now: bool) -> Baseline | None:
    if not earlier:
        return None
    if now == earlier[-1]:
        return Baseline.UNCHANGED
    if not now:
        return Baseline.FIXED
    return Baseline.REGRESSED if any(earlier) else Baseline.NEW


def test_each_state_keeps_the_workspace_that_it_saw(machine: Machine) -> None:
    for name in NAMES:
        report = machine.run(name, "shop")
        assert report.subject
        assert report.subject.workspace == f"id{name.replace('-', '')}"
        assert report.subject.environment == ("staging" if name == "beta" else "production")
        with closing(open_state(state_home(workspace_named(name)))) as state:
            assert pinned_id(state) == report.subject.workspace


def test_a_token_of_another_workspace_stops_before_anything_is_written(machine: Machine) -> None:
    """Both are in the same sandbox, so the token works."""
    machine.run("shop-us", "shop")
    url = machine.env_file("shop-eu").read_text()
    machine.env_file("shop-us").write_text(url)
    text = (machine.folder / "workspaces.toml").read_text()
    eu = text.partition('base_url = "')[2].partition('"')[0]
    (machine.folder / "workspaces.toml").write_text(text.replace(eu.replace("-eu", "-us"), eu))
    before = digests(machine.folder / "state" / "shop-us")
    with pytest.raises(WrongWorkspaceError) as refused:
        machine.run("shop-us", "shop")
    assert "belongs to the workspace idshopeu, and shop-us is idshopus" in refused.value.message
    assert refused.value.exit_status == 2
    assert digests(machine.folder / "state" / "shop-us") == before

    session = open_step("access", Choices("shop-us", repo=str(machine.repository("shop"))))
    with pytest.raises(WrongWorkspaceError):
        session.collect()
    session.context.close()
    assert digests(machine.folder / "state" / "shop-us") == before


def test_a_wrong_pin_stops_before_intercom_is_asked(machine: Machine) -> None:
    machine.run("blog", "site")
    path = machine.folder / "workspaces.toml"
    path.write_text(path.read_text().replace("[blog]\n", '[blog]\napp_id = "zz99zz99"\n'))
    machine.env_file("blog").write_text("INTERCOM_ACCESS_TOKEN=dead\n")
    with pytest.raises(WrongWorkspaceError, match=r"by workspaces\.toml, and idblog by"):
        machine.run("blog", "site")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and "journal" not in path.name
    }
