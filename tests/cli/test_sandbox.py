"""`runbook sandbox`: how it misbehaves when asked to."""

from __future__ import annotations

from click.testing import CliRunner

from helpers.cli import runbook
from helpers.core.errors import UsageError
from helpers.sandbox.misbehaviour import MODES


def test_the_modes_of_misbehaviour_are_listed_with_what_they_do() -> None:
    done = CliRunner().invoke(runbook, ["sandbox", "--misbehave", "list"])
    assert done.exit_code == 0
    listed = [line.split(maxsplit=1) for line in done.output.splitlines()]
    assert listed == [[name, mode.what] for name, mode in MODES.items()]
    assert len(listed) >= 40


def test_an_unknown_mode_is_refused_with_the_next_step() -> None:
    done = CliRunner().invoke(runbook, ["sandbox", "--misbehave", "politely"])
    assert isinstance(done.exception, UsageError)
    assert "'politely'" in done.exception.message
    assert "--misbehave list" in done.exception.advice
