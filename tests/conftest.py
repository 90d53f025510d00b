"""What every test may use: made-up secrets, required system programs, git, golden files."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from helpers.core.settings import ALLOW_HOSTS, TRUST_POLICY, WORKSPACES

HOME = Path(__file__).resolve().parents[1]
_OPTIONS = (ALLOW_HOSTS, TRUST_POLICY, WORKSPACES)

# An example's duration depends on how busy the machine is, not on the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def missing(part: str, why: str) -> None:
    """Skip because a system package is missing; fail where RUNBOOK_REQUIRE_ALL is set."""
    message = f"{part} is missing: {why}"
    if os.environ.get("RUNBOOK_REQUIRE_ALL"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def require() -> Callable[[str, str], Path]:
    """Find a program or skip: `require("chromium", "apt install chromium")`."""

    def program(name: str, how: str) -> Path:
        found = shutil.which(name)
        if not found:
            missing(name, how)
        return Path(str(found))

    return program


@pytest.fixture(scope="session", autouse=True)
def _base_that_others_can_reach(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests that run as another user must be able to reach their own folder."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base, *base.parents):
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)


@pytest.fixture(autouse=True)
def _options_of_its_own() -> Iterator[None]:
    """A command keeps what its options allow in the environment, which ends with its process."""
    before = {name: os.environ[name] for name in _OPTIONS if name in os.environ}
    yield
    for name in _OPTIONS:
        os.environ.pop(name, None)
    os.environ.update(before)


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a golden file; `RUNBOOK_GOLDEN=write` writes it; review the diff."""

    def compare(name: str, text: str) -> None:
        path = HOME / "tests" / "golden" / name
        if os.environ.get("RUNBOOK_GOLDEN") == "write":
            path.write_bytes(text.encode())
        assert text.encode() == path.read_bytes()

    return compare


@pytest.fixture
def access_token() -> str:
    """A made-up access token of the real shape."""
    return make_access_token()


def make_access_token() -> str:
    """Return a new one at every call."""
    layout = f"tok:{str(uuid.uuid4()).replace('-', '_')}:1:0"
    return base64.b64encode(layout.encode()).decode()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An empty git repository."""
    folder = tmp_path / "repo"
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    return folder


def run_git(folder: Path, *arguments: str) -> str:
    """Run git with a fixed author and none of this machine's configuration."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the webhook battery found in broken and in sound receivers, if they were run."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    found = [pair for report in reports for pair in report.user_properties]
    for kind in ("mutant", "slow mutant"):
        ends = [end for name, end in found if name == kind]
        if ends:
            score = f"{ends.count('killed')} of {len(ends)} {kind}s killed"
            terminalreporter.write_line(f"Mutation score of the webhook battery: {score}")
    for line in sorted(str(end) for name, end in found if name == "receiver"):
        terminalreporter.write_line(f"Receiver, {line}")
