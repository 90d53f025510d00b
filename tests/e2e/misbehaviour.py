"""Collect and judge the steps that call the API, against a server that may misbehave.

    python -m tests.e2e.misbehaviour URL FOLDER      # one server: its verdicts as JSON
    python -m tests.e2e.misbehaviour                 # every mode: figures for the docs

Each server is audited by a process of its own, so that memory and time are its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from helpers.core import catalog
from helpers.core.context import Context
from helpers.core.judge import judge
from helpers.core.model import Snapshot
from helpers.core.policy_file import load_policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.core.steps import step_named
from helpers.intercom.bounds import step_bounds
from helpers.intercom.client import Client
from helpers.sandbox import start
from helpers.sandbox.clock import DEMO_NOW
from helpers.sandbox.misbehaviour import MODES
from helpers.sandbox.seeds import DEMO
from tests.conftest import HOME

STEPS: Final = ("rotation", "scopes", "access", "auditlog")  # those that call the API
GOOD: Final = frozenset({"PASS", "NOT_APPLICABLE"})
Verdicts = AbstractSet[tuple[str, str, str, str]]  # step, check, resource, status


def context_of(url: str, folder: Path) -> Context:
    """A profile of its own at this server, with the demo's credentials."""
    production = DEMO.profiles["production"]
    (folder / "state").mkdir(parents=True, exist_ok=True)
    env = folder / ".env"
    env.write_text("")
    environ = {
        "INTERCOM_BASE_URL": url,
        "INTERCOM_REGION": DEMO.region,
        "INTERCOM_APP_ID": DEMO.id_code,
        "INTERCOM_ACCESS_TOKEN": production.access_token,
        "INTERCOM_READ_TOKEN": DEMO.read_token,
        "INTERCOM_WRITE_TOKEN": DEMO.write_token,
        "INTERCOM_IDENTITY_SECRET": production.identity_secret,
    }
    settings = load_settings(Profile.PRODUCTION, folder, env_file=env, environ=environ)
    return Context(
        settings=settings,
        policy=load_policy("production"),
        redactor=Redactor(),
        repo=folder,
        state=folder / "state",
        clock=lambda: DEMO_NOW,
        client_factory=Client.from_settings,
    )


@dataclass(frozen=True)
class Audited:
    """What became of one server: verdicts, lost steps with their errors, seconds, peak memory."""

    verdicts: Verdicts
    lost: dict[str, str]
    seconds: float
    megabytes: int


def audit(url: str, folder: Path) -> dict[str, Any]:
    """Collect and judge every step, in this process."""
    context = context_of(url, folder)
    verdicts, lost = [], {}
    for name in STEPS:
        try:
            verdicts += _judged(context, name)
        except Exception as error:  # noqa: BLE001 - a lost step is what is searched for
            lost[name] = f"{type(error).__name__}: {error}"[:300]
    return {"verdicts": verdicts, "lost": lost, "megabytes": _peak()}


def _peak() -> int:
    """The peak memory of this process. `ru_maxrss` is at least the parent's, so Linux is asked."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20  # macOS: bytes
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def _judged(context: Context, name: str) -> list[tuple[str, str, str, str]]:
    with step_bounds(context.policy.limits):
        facts = step_named(name).load("collector")(context)
    snapshot = Snapshot[Any](step=name, profile="production", taken_at=context.clock(), facts=facts)
    findings = judge(snapshot, catalog.load(name), context.policy, context.clock())
    return [(name, f.check, f.resource.key, f.status.name) for f in findings]


def run(url: str, folder: Path, seconds: float) -> Audited:
    """Audit a server in a process of its own. Raises TimeoutExpired."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.e2e.misbehaviour", url, str(folder)]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=HOME, env=environ, capture_output=True, timeout=seconds, check=True
    )
    found = json.loads(done.stdout.decode("utf-8", "surrogatepass"))
    verdicts = frozenset((s, c, k, status) for s, c, k, status in found["verdicts"])
    return Audited(verdicts, found["lost"], time.monotonic() - began, found["megabytes"])


def better(found: Verdicts, honest: Verdicts) -> frozenset[str]:
    """The checks with a better verdict than the honest ones.

    That is a resource that passes although it did not, or a check that only passes, or does not
    apply, although some of its honest verdicts did not.
    """
    bad = {(check, key) for _, check, key, status in honest if status not in GOOD}
    passing = {(check, key) for _, check, key, status in found if status in GOOD}
    left = {check for _, check, _, status in found if status not in GOOD}
    cleared = {check for check, _ in passing} - left
    return frozenset(
        {check for check, _ in bad & passing} | {check for check, _ in bad if check in cleared}
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def figures() -> None:
    """Try every mode and print what docs/reliability.md says."""
    with start() as server, TemporaryDirectory() as folder:
        honest = run(server.base_url("honest"), Path(folder) / "honest", 600)
        compared = worst = 0
        for mode in MODES:
            workspace = f"bad-{mode}"
            hub = f"{server.hub(workspace)}/behaviours"
            httpx.put(hub, json={"misbehave": mode}).raise_for_status()
            try:
                found = run(server.base_url(workspace), Path(folder) / mode, 600)
            except subprocess.TimeoutExpired:
                _say(f"{mode:24}not over after 600 seconds")
                continue
            compared, worst = compared + len(found.verdicts), max(worst, found.megabytes)
            odd = [*sorted(better(found.verdicts, honest.verdicts)), *map(str, found.lost.items())]
            _say(f"{mode:24}{found.seconds:6.1f} s {found.megabytes:4} MB  {' '.join(odd)}")
        _say(f"{len(MODES)} modes, {compared} verdicts compared, at most {worst} MB")


def main() -> None:
    """Audit the server that is named, or every mode."""
    if len(sys.argv) == 1:
        figures()
        return
    found = json.dumps(audit(sys.argv[1], Path(sys.argv[2])))
    sys.stdout.write(found)


if __name__ == "__main__":
    main()
