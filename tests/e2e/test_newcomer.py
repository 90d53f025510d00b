"""Going live by the README's words, in a real terminal: every prompt answered, nothing echoed."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values

from helpers.core.redaction import fingerprint
from tests.conftest import HOME, run_git
from tests.e2e.conftest import CommandLine
from tests.intercom.hub import Hub
from tests.test_readme import COMMANDS

ELSEWHERE = {  # the tests that carry it out, with addresses and folders of their own
    "audit": "e2e/test_audit.py",
    "audit --profile production --repo /srv/app --keep 12 --quiet": "e2e/test_audit.py",
    "lab": "browser/test_jupyterlab.py",
    "test": "../.ci/run",
    "scan --staged": "exposure/test_scan_command.py",
    "scan PATH…": "exposure/test_scan_command.py",
    "rotate access-token --profile production": "rotation/test_terminal.py",
    "keys": "rotation/test_commands.py",
    "policy init": "cli/test_policy.py",
    "scopes": "scopes/test_command.py",
    "webhook test URL --profile development": "webhooks/test_command.py",
    "auditlog verify": "auditlog/test_commands.py",
    "incident supply-chain": "workflows/test_supply_chain.py",
}
HERE = [
    "init --repo ../my-app --profile production",
    "audit --profile production --repo ../my-app",
    "init --repo ../my-app --profile shop-eu",
    "init --repo ../my-app --profile shop-us",
    "audit --profile shop-eu",
    "audit --profile shop-us",
]


class Terminal:
    """A command with a terminal of its own; answers questions as they come, one by one."""

    def __init__(self, line: str, folder: Path, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [str(HOME / "runbook"), *shlex.split(line)],
            cwd=folder,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.screen = ""

    def read(self) -> bool:
        """Take what is on its way; False when the command has closed its terminal."""
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # what Linux answers once the other side is closed
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, then type."""
        asked = len(self.screen)
        while question not in self.screen[asked:]:
            assert self.read(), self.screen[-2000:]
        os.write(self._ours, f"{text}\n".encode())

    def ended(self) -> int:
        """The exit status, when all was read."""
        while self.read():
            pass
        os.close(self._ours)
        return self.process.wait()


@pytest.fixture
def newcomer(cli: CommandLine, repo: Path, live: Path) -> tuple[CommandLine, Path, dict[str, str]]:
    """A folder to stand in, an app beside it, and the values that Intercom shows."""
    (cli.folder / "runbook").mkdir()
    app = cli.folder / "my-app"
    repo.rename(app)
    values = {key: value or "" for key, value in dotenv_values(live).items()}
    return cli, app, values


def test_every_command_of_the_readme_is_carried_out_by_a_test():
    quick = {line for line in COMMANDS if line.split()[0] in {"attest", "calls", "explain"}}
    quick |= {line for line in COMMANDS if line.endswith("--help")}
    assert quick == set(QUICK)
    assert {*HERE, *ELSEWHERE, *QUICK} == set(COMMANDS)
    for line, path in ELSEWHERE.items():
        assert line.split()[0] in (HOME / "tests" / path).read_text(), line


QUICK = [line for line in COMMANDS if line not in {*HERE, *ELSEWHERE}]


@pytest.mark.parametrize("line", QUICK)
def test_command_that_shows_something_shows_it(cli: CommandLine, line: str):
    done = cli.run(*shlex.split(line))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_newcomer_sets_a_repository_up_and_audits_it(
    newcomer: tuple[CommandLine, Path, dict[str, str]],
):
    """`--all`, because the sandbox has an address of its own."""
    cli, app, values = newcomer
    environ = {**cli.environ(), "RUNBOOK_VENV": sys.prefix}
    terminal = Terminal(f"{HERE[0]} --all", cli.folder / "runbook", environ)
    terminal.answer("Make this change?", "y")
    terminal.answer("Make .env.production now", "y")
    answered = answer_prompts(terminal, values)
    assert terminal.ended() == 0, terminal.screen
    assert "INTERCOM_ACCESS_TOKEN" in answered
    written = dotenv_values(app / ".env.production")
    assert {name: written[name] for name in answered} == {name: values[name] for name in answered}
    secrets = [values[name] for name in answered if "TOKEN" in name or "SECRET" in name]
    assert not any(secret in terminal.screen for secret in secrets)
    assert run_git(app, "check-ignore", ".env.production").strip() == ".env.production"

    audit = Terminal(HERE[1], cli.folder / "runbook", environ)
    assert audit.ended() == 14, audit.screen
    assert "Report: " in audit.screen
    assert not any(secret in audit.screen for secret in secrets)


def test_two_workspaces_are_set_up_and_audited_and_stay_apart(
    newcomer: tuple[CommandLine, Path, dict[str, str]],
):
    """Both are in one sandbox; a wrong value on the way is asked for again, the others stay."""
    cli, _, values = newcomer
    environ = {**cli.environ(), "RUNBOOK_VENV": sys.prefix, "RUNBOOK_PROFILE": ""}
    here, url = cli.folder / "runbook", values["INTERCOM_BASE_URL"]
    tokens = {}
    for line, name in zip(HERE[2:4], ("shop-eu", "shop-us"), strict=True):
        with httpx.Client(trust_env=False) as http:
            hub = Hub(f"{url}/w/{name}", http)
            tokens[name] = hub.token(SCOPES, workspace=name.replace("-", ""))
        terminal = Terminal(f"{line} --all --check", here, environ)
        if name == "shop-eu":
            terminal.answer("Make this change?", "y")
        terminal.answer("Environment", "production")
        terminal.answer(f"Make {name}.env now", "y")
        terminal.answer("INTERCOM_ACCESS_TOKEN:", "pasted the wrong thing")
        typed = {"INTERCOM_ACCESS_TOKEN": tokens[name], "INTERCOM_BASE_URL": f"{url}/w/{name}"}
        typed |= {"INTERCOM_REGION": "us"}
        answer_prompts(terminal, typed)
        assert terminal.ended() == 0, terminal.screen
        assert f"fingerprint {fingerprint('access_token', tokens[name])}" in terminal.screen
        assert f"({name.replace('-', '')})" in terminal.screen
        assert not any(token in terminal.screen for token in tokens.values())
    for _ in range(2):
        for line, name in zip(HERE[4:6], tokens, strict=True):
            audit = Terminal(f"{line} --steps environment", here, environ)
            assert audit.ended() in (10, 11, 12, 13, 14), audit.screen
            about = f"Auditing {name} (production, {name.replace('-', '')}, us) · "
            (first,) = [one for one in audit.screen.splitlines() if about in one]
            assert " · repository my-app" in first
    for name in tokens:
        done = run_in(cli, here, "report", f"latest:{name}", "--format", "md")
        assert name.replace("-", "") in done.stdout
        assert "0 new, 0 regressed" in done.stdout

    folder = cli.folder / "config" / "intercom-runbook"
    (folder / "shop-us.env").write_text((folder / "shop-eu.env").read_text())
    mixed = Terminal(HERE[5], here, environ)
    assert mixed.ended() == 2
    assert "shop-us is shopeu by shop-us.env, and shopus by the state" in mixed.screen


def run_in(cli: CommandLine, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "helpers.cli", *arguments],
        cwd=folder,
        env=cli.environ(),
        check=False,
        capture_output=True,
        text=True,
    )


SCOPES = {"read_single_admin", "read_admins"}


def answer_prompts(terminal: Terminal, values: Mapping[str, str]) -> list[str]:
    """Answer every variable's prompt: with its value where there is one, else with Enter alone."""
    from helpers.core.settings import VARIABLES

    for variable in VARIABLES:
        terminal.answer(f"{variable.name}:", values.get(variable.name, ""))
    return [variable.name for variable in VARIABLES if variable.name in values]
