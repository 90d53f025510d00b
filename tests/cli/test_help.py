"""The help of every command, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from helpers.cli import COMMANDS, runbook


def _paths(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        yield from _paths(inner, (*path, name))


def _all() -> Iterator[tuple[str, ...]]:
    context = click.Context(runbook)
    for name in COMMANDS:
        command = runbook.get_command(context, name)
        assert command
        yield from _paths(command, (name,))


@pytest.mark.parametrize("path", list(_all()), ids=" ".join)
def test_every_command_says_what_it_is_for_in_whole_lines(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(runbook, [*path, "--help"])
    assert shown.exit_code == 0
    assert "\\b" not in shown.output
    assert shown.output.split("\n\n")[1].strip().endswith((".", "?"))


def test_a_table_of_exit_statuses_keeps_its_lines() -> None:
    shown = CliRunner().invoke(runbook, ["webhook", "test", "--help"]).output
    assert "  3       the receiver could not be reached\n" in shown
