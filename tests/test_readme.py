"""The commands, links and examples of README.md and CONTRIBUTING.md work."""

from __future__ import annotations

import os
import re
import shlex
from unittest.mock import patch

import click
import pytest

from helpers.cli import runbook
from helpers.core.catalog import Check
from helpers.core.model import Status
from tests.checking import statuses, unreadable
from tests.conftest import HOME

README = (HOME / "README.md").read_text("utf-8")
CONTRIBUTING = (HOME / "CONTRIBUTING.md").read_text("utf-8")
TRUST = (HOME / "docs" / "trust.md").read_text("utf-8")
COMMAND = re.compile(r"(?<![/\w])\./runbook ([a-z-][^`\n#,]*)")
COMMANDS = sorted(set(COMMAND.findall(README)))  # the end-to-end tests carry each one out
DOCUMENTED = sorted(
    {
        *COMMANDS,
        *COMMAND.findall(TRUST),
        *(line.partition(" > ")[0] for line in COMMAND.findall(CONTRIBUTING)),
    }
)


@pytest.mark.parametrize("line", DOCUMENTED)
def test_command_of_the_documents_is_understood(line: str):
    """Parsed with every option and argument, not carried out: the e2e tests do that."""
    name, *arguments = shlex.split(line)
    if name == "--help":
        return
    context = click.Context(runbook)
    command = runbook.get_command(context, name)
    assert command is not None, name
    if "--help" not in arguments:
        with patch.dict(os.environ):  # `--allow-host` and `--trust-policy` are kept there
            parsed = command.make_context(name, arguments, parent=context)
        assert parsed.command is command


def test_paths_that_commands_name_exist():
    named = re.findall(r"(?<![\w/])((?:tests|docs|research)/[\w./-]+)", "\n".join(DOCUMENTED))
    assert named
    assert [path for path in named if not (HOME / path).exists()] == []


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/trust.md", "research/README.md"]
)
def test_every_link_of_a_document_leads_to_a_file(document: str):
    path = HOME / document
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", path.read_text("utf-8"))
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_file_that_contributing_names_exists():
    named = re.findall(r"`((?:helpers|tests|docs|research)/[\w./-]+)`", CONTRIBUTING)
    assert len(named) > 10
    assert [name for name in named if not (HOME / name).exists()] == []


def test_the_parts_of_ci_are_what_ci_runs():
    (parts,) = re.findall(r"Its parts are:\n\n```sh\n(.*?)```", CONTRIBUTING, re.DOTALL)
    script = (HOME / ".ci" / "run").read_text("utf-8").splitlines()
    ran = [line.strip() for line in script if line.startswith((".venv/bin/", "./runbook test"))]
    assert parts.splitlines() == ran


def test_the_example_of_a_check_works():
    (source,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(source, "CONTRIBUTING.md", "exec"), names)
    (example,) = [found for found in names.values() if isinstance(found, Check)]
    assert set(example.verdicts) == set(Status)
    assert statuses(example, identity_verification=True) == [Status.PASS]
    assert statuses(example, identity_verification=False) == [Status.FAIL]
    assert statuses(example, identity_verification=unreadable()) == [Status.ERROR]


def test_exit_statuses_of_the_readme_are_those_of_the_help():
    from helpers.cli.audit import audit

    for status in ("3", "10", "11..14", "130"):
        assert f"  {status} " in str(audit.help)
    assert all(f"| {status} |" in README for status in ("0", "1", "2", "3", "10", "130"))
