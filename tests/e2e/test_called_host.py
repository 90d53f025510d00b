"""A person sees which host gets a secret, whichever command sends it; the report names it too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import CommandLine

COMMANDS = (
    ("scopes",),
    ("rotate", "access-token", "--dry-run"),
    ("auditlog", "fetch", "--days", "1"),
    ("keys",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_that_sends_a_token_names_the_host(
    cli: CommandLine, live: Path, command: tuple[str, ...]
) -> None:
    done = cli.run(*command, "--profile", "production", "--env-file", str(live))
    (url,) = re.findall(r"^INTERCOM_BASE_URL=http://([\d.:]+)", live.read_text(), re.MULTILINE)
    assert done.stderr.count(f"Calling {url} (this machine).") == 1


def test_an_audit_names_the_host_in_its_first_line_and_in_the_report(
    cli: CommandLine, live: Path, repo: Path
) -> None:
    about = ("--profile", "production", "--env-file", str(live), "--repo", str(repo))
    done = cli.run("audit", *about, "--steps", "environment", "--fail-on", "never")
    host = json.loads((cli.last_run() / "results.json").read_text())["subject"]["host"]
    assert host.endswith("(this machine)")
    assert host in done.stdout.splitlines()[0]
    assert host.replace("'", "&#39;") in (cli.last_run() / "report.html").read_text()
