"""The README's commands exist, with the options that it gives them."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from helpers.cli import runbook
from tests.conftest import HOME

README = (HOME / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"(?<!/)\./runbook ([a-z][^`\n#,]*)", README)))


@pytest.mark.parametrize("line", COMMANDS)
def test_command_of_the_readme_is_understood(line: str):
    """Parsed with every option and argument, not carried out: the e2e tests do that."""
    name, *arguments = shlex.split(line)
    context = click.Context(runbook)
    command = runbook.get_command(context, name)
    assert command is not None, name
    if "--help" not in arguments:
        parsed = command.make_context(name, arguments, parent=context)
        assert parsed.command is command


def test_every_link_of_the_readme_leads_to_a_file():
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not (HOME / link).exists()] == []


def test_exit_statuses_of_the_readme_are_those_of_the_help():
    from helpers.cli.audit import audit

    for status in ("3", "10", "11..14", "130"):
        assert f"  {status} " in str(audit.help)
    assert all(f"| {status} |" in README for status in ("0", "1", "2", "3", "10", "130"))
