"""Bad input gets one clear message and the documented exit status."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import HOME, make_access_token
from tests.e2e.conftest import CommandLine


def said(cli: CommandLine, status: int, *arguments: str, **environ: str) -> str:
    done = cli.run("audit", "--repo", str(cli.folder), *arguments, **environ)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def test_unknown_profile_names_those_that_exist(cli: CommandLine):
    assert "sandbox, development, staging, production" in said(cli, 2, "--profile", "prod")


def test_unknown_step_names_those_that_exist(cli: CommandLine):
    assert "environment, exposure" in said(cli, 2, "--steps", "everything")


def test_unknown_option_is_refused(cli: CommandLine):
    assert "No such option" in said(cli, 2, "--frobnicate")


def test_without_a_token_nothing_starts(cli: CommandLine):
    message = said(cli, 2, "--profile", "production")
    assert "INTERCOM_ACCESS_TOKEN" in message
    assert not cli.out.exists()


def test_wrong_token_is_reported_once(cli: CommandLine, live: Path):
    base = next(li for li in live.read_text().splitlines() if li.startswith("INTERCOM_BASE_URL"))
    token = make_access_token()
    message = said(
        cli,
        3,
        "--profile",
        "production",
        INTERCOM_ACCESS_TOKEN=token,
        INTERCOM_BASE_URL=base.partition("=")[2],
    )
    assert "GET /me" in message
    assert token not in message


def test_unreachable_host_is_reported_once(cli: CommandLine):
    message = said(
        cli,
        3,
        "--profile",
        "production",
        INTERCOM_ACCESS_TOKEN=make_access_token(),
        INTERCOM_BASE_URL="http://127.0.0.1:9",
    )
    assert "the connection was refused" in message


@pytest.mark.parametrize("url", ["http://api.example.com", "ftp://127.0.0.1", "api.intercom.io"])
def test_token_goes_to_no_host_that_is_neither_https_nor_loopback(cli: CommandLine, url: str):
    message = said(
        cli,
        2,
        "--profile",
        "production",
        INTERCOM_ACCESS_TOKEN=make_access_token(),
        INTERCOM_BASE_URL=url,
    )
    assert "INTERCOM_BASE_URL" in message


def test_unknown_region_names_those_that_exist(cli: CommandLine):
    message = said(
        cli,
        2,
        "--profile",
        "production",
        INTERCOM_ACCESS_TOKEN=make_access_token(),
        INTERCOM_REGION="mars",
    )
    assert "us, eu" in message


def test_region_of_another_continent_is_a_finding(cli: CommandLine, live: Path):
    text = live.read_text().replace("INTERCOM_REGION=us", "INTERCOM_REGION=eu")
    (cli.folder / "eu.env").write_text(text)
    arguments = ("--profile", "production", "--env-file", "eu.env", "--repo", ".")
    done = cli.run("audit", *arguments, "--steps", "environment", "--fail-on", "medium")
    assert done.returncode >= 12
    assert "ENV-010" in (cli.last_run() / "report.md").read_text()


def test_broken_env_file_names_the_line(cli: CommandLine):
    (cli.folder / ".env").write_text("INTERCOM_REGION=us\nwhat is this\n")
    assert "line 2" in said(cli, 2, "--profile", "production")


def test_absent_env_file_is_named(cli: CommandLine):
    assert "nowhere.env" in said(cli, 2, "--profile", "production", "--env-file", "nowhere.env")


def test_bad_policy_names_line_and_choice(cli: CommandLine):
    (cli.folder / "policy.toml").write_text("[rotation]\nmax_age = 3\n")
    message = said(cli, 2)
    assert "line 2" in message
    assert "max_age_days" in message


def test_bad_waiver_names_the_line(cli: CommandLine):
    (cli.folder / "waivers.toml").write_text('[[waiver]]\ncheck = "ENV-001"\n')
    message = said(cli, 2)
    assert "waivers.toml, line 1" in message


def test_folder_without_git_is_checked_as_far_as_possible(cli: CommandLine):
    (cli.folder / "plain").mkdir()
    done = cli.run("audit", "--repo", "plain", "--steps", "environment", "--fail-on", "critical")
    assert done.returncode == 10
    assert "not in a git repository" in (cli.last_run() / "report.md").read_text()
    assert not any((cli.folder / "plain").iterdir())  # the offer of what is missing writes nothing


AS_NOBODY = """
import os, sys
import helpers.cli.audit, helpers.cli.progress, helpers.run.audit, helpers.sandbox.server
import jupyter_client, pprint  # nobody may not read this Python's own folder
from helpers.cli import main
out, sys.argv = sys.argv[1], ["runbook", "audit", "--out", sys.argv[1] + "/runs"]
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    os.mkdir(out + "/probe")
except PermissionError:
    print("nobody is refused there")
main()
"""


def test_output_that_may_not_be_written_is_refused():
    """The child becomes user nobody, and first shows that access is refused."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        locked, state = Path(name, "locked"), Path(name, "state")
        locked.mkdir(mode=0o755)
        state.mkdir()
        state.chmod(0o777)
        environ = {"PATH": os.environ["PATH"], "HOME": name, "RUNBOOK_STATE_HOME": str(state)}
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(locked)],
            cwd=HOME,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert "nobody is refused there" in done.stdout
    assert done.returncode == 2, done.stderr
    assert "can't be made: Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
