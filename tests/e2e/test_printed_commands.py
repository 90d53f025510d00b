"""Every command that a run prints can be pasted: it parses, names its subject, and works."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import nbformat
import pytest

from helpers.core.commands import TAKES
from tests.conftest import HOME, run_git
from tests.core.test_commands import parsed
from tests.e2e.conftest import CommandLine

CODE = re.compile(r"`((?:\./|/[\w./-]+/)?runbook [^`\n]+)`")
HTML = re.compile(r"<code>((?:\./|/[\w./-]+/)?runbook [^<\n]+)</code>")
HARMLESS = ("rotate status", "rotate --help", "attest", "keys", "scopes --section", "audit --help")


@pytest.fixture(autouse=True)
def _answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command asks for is answered; it is parsed, not carried out."""
    monkeypatch.setattr(click.Option, "prompt_for_value", lambda *_: "x")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLine, str]:
    """A run of the demo, from the folder of a user; what it printed."""
    cli = CommandLine(tmp_path_factory.mktemp("demo"))
    return cli, cli.run("audit", "--profile", "sandbox").stdout


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, live: Path) -> tuple[CommandLine, str]:
    """A run of a real profile, about a repository whose name a shell would take apart."""
    cli = CommandLine(tmp_path_factory.mktemp("real"))
    app = cli.folder / "my app"
    app.mkdir()
    run_git(app, "init", "-q", "-b", "main")
    run_git(app, "commit", "-q", "--allow-empty", "-m", "Begin")
    arguments = ("--profile", "production", "--env-file", str(live), "--repo", str(app))
    return cli, cli.run("audit", *arguments).stdout


def printed(run: Path, said: str) -> Iterator[str]:
    """Every command of the terminal, the reports and the notebooks' outputs."""
    yield from CODE.findall(said)
    for finding in json.loads((run / "results.json").read_bytes())["findings"]:
        for text in (finding["message"], *finding["remediation"]):
            yield from CODE.findall(text)
    yield from CODE.findall((run / "report.md").read_text("utf-8"))
    for found in HTML.findall((run / "report.html").read_text("utf-8")):
        yield html.unescape(found)
    for path in sorted((run / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                yield from CODE.findall(data.get("text/plain", ""))
                yield from map(html.unescape, HTML.findall(data.get("text/html", "")))


def test_the_demo_prints_commands_about_the_sandbox(demo: tuple[CommandLine, str]) -> None:
    cli, said = demo
    found = set(printed(cli.last_run(), said))
    assert len(found) > 15
    for line in found:
        program, _, words = line.partition(" ")
        assert program.endswith("runbook")
        parsed(words)
        _, about = about_of(words)
        if about and not words.startswith("init"):
            assert "--profile sandbox" in line, line


def test_a_run_of_a_real_profile_prints_what_can_be_pasted_elsewhere(
    real: tuple[CommandLine, str], live: Path
) -> None:
    cli, said = real
    found = set(printed(cli.last_run(), said))
    assert len(found) > 10
    for line in found:
        program, _, words = line.partition(" ")
        assert program == str(HOME / "runbook"), line
        parsed(words)
        named, about = about_of(words)
        if about and "--profile sandbox" not in line:
            assert named["--profile"] == "production", line
            assert named["--repo"] == str(cli.folder / "my app"), line
            if "--env-file" in about:
                assert named["--env-file"] == str(live), line


def test_the_harmless_ones_work_as_pasted_from_another_folder(
    real: tuple[CommandLine, str], tmp_path: Path
) -> None:
    cli, said = real
    lines = sorted(set(printed(cli.last_run(), said)))
    tried = [line for line in lines if line.partition(" ")[2].startswith(HARMLESS)]
    tried = [line for line in tried if "two-factor" not in line and "attest " not in line]
    assert len(tried) >= 3
    environ = {**cli.environ(), "RUNBOOK_VENV": sys.prefix, "PATH": os.environ["PATH"]}
    for line in tried:
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, (line, done.stderr)


def about_of(words: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The options of a command that name its subject, and those that it would take."""
    split = shlex.split(words)
    taken = TAKES.get(split[0]) or TAKES.get(" ".join(split[:2]), ())
    named = {o: split[split.index(o) + 1] for o in taken if o in split}
    return named, () if "--help" in split else taken
