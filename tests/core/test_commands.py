"""Commands are written short, and printed so that they can be pasted."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from helpers.cli import COMMANDS, runbook
from helpers.core import commands
from helpers.core.commands import TAKES, CommandTarget, complete, complete_html, program
from tests.conftest import HOME

SHOP = CommandTarget(
    program="./runbook", profile="shop-eu", repo="/srv/my shop", env_file="/srv/a.env"
)
CONTEXT = click.Context(runbook)
CODE = re.compile(r"`(?:\./)?runbook ([^`\n]+)`")


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Every command below one, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    for name in command.list_commands(CONTEXT):
        inner = command.get_command(CONTEXT, name)
        assert inner
        yield from leaves(inner, (*path, name))


def every_command() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = runbook.get_command(CONTEXT, name)
        assert command
        yield from leaves(command, (name,))


@pytest.fixture(autouse=True)
def _answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command asks for is answered; it is parsed, not carried out."""
    monkeypatch.setattr(click.Option, "prompt_for_value", lambda *_: "x")


def parsed(line: str) -> click.Context:
    """The command line as click takes it, with every option and argument, not carried out."""
    words = shlex.split(line.partition(" > ")[0])
    command: click.Command = runbook
    context = CONTEXT
    while isinstance(command, click.Group):
        if not words or words == ["--help"]:
            return context
        name = words.pop(0)
        inner = command.get_command(CONTEXT, name)
        assert inner is not None, line
        command = inner
    if "--help" in words:
        return context
    return command.make_context(command.name, words, parent=CONTEXT)


@pytest.mark.parametrize(("words", "command"), list(every_command()))
def test_the_table_says_which_options_a_command_takes(words: str, command: click.Command) -> None:
    real = {option for parameter in command.params for option in parameter.opts}
    taken = TAKES.get(words.partition(" ")[0]) or TAKES.get(words, ())
    if "--profile" in real:
        assert set(taken) == real & {
            "--profile",
            "--repo",
            "--env-file",
            "--policy",
            "--workspaces",
        }
    else:
        assert taken == ()


def test_a_command_names_what_it_is_about_and_is_quoted_for_a_shell() -> None:
    said = complete("Rotate it: `runbook rotate access-token --compromised`, today.", SHOP)
    assert said == (
        "Rotate it: `./runbook rotate access-token --compromised --profile shop-eu "
        "--repo '/srv/my shop' --env-file /srv/a.env`, today."
    )
    assert complete("`./runbook checks` lists them.", SHOP) == "`./runbook checks` lists them."


@pytest.mark.parametrize(
    "text",
    [
        "`runbook rotate --help`",
        "`runbook keys`",
        "`runbook init`",
        "`runbook webhook topics`",
        "x",
    ],
)
def test_what_is_complete_stays_as_it_is(text: str) -> None:
    once = complete(text, SHOP)
    assert complete(once, SHOP) == once


def test_a_command_that_names_its_profile_is_left_to_it() -> None:
    said = complete("`runbook rotate status --profile sandbox`", SHOP)
    assert said == "`./runbook rotate status --profile sandbox`"


def test_the_demo_is_not_set_up() -> None:
    assert complete("`runbook init`", CommandTarget(profile="sandbox")) == "`./runbook init`"


def test_markup_gets_the_same_and_every_value_is_escaped() -> None:
    hostile = CommandTarget(profile="shop", repo="/srv/<b>&'x")
    said = complete_html("<p><code>runbook keys</code></p>", hostile)
    assert "<b>" not in said
    assert "--profile shop --repo" in said


def test_the_program_is_called_as_it_can_be_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(HOME)
    assert program() == "./runbook"
    monkeypatch.chdir(tmp_path)
    assert program() == shlex.quote(str(HOME / "runbook"))
    (tmp_path / "runbook").write_text("#!/bin/sh\n")
    (tmp_path / "runbook").chmod(0o755)
    assert program() == shlex.quote(str(HOME / "runbook")), "another program of that name"
    (tmp_path / "runbook").unlink()
    (tmp_path / "runbook").symlink_to(HOME / "runbook")
    assert program() == "runbook"


def texts() -> Iterator[tuple[str, str]]:
    """Every string of ours that can be shown, with its file. Docstrings are, of checks alone."""
    for path in sorted((HOME / "helpers").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        described = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, described) and node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if "checks" in path.parts or id(node) not in docstrings:
                yield str(path.relative_to(HOME)), node.value


def written() -> Iterator[str]:
    """Every command between backticks in those, with the place where it stands."""
    for path, text in texts():
        for line in CODE.findall(text):
            yield f"{path}: {line}"


@pytest.mark.parametrize("line", sorted(set(written())))
def test_every_command_that_a_text_names_is_one(line: str) -> None:
    parsed(line.partition(": ")[2])


def test_no_text_names_a_command_without_backticks() -> None:
    verbs = "|".join(COMMANDS)
    bare = re.compile(rf"(?<![`/\w.-])runbook ({verbs}) (--|[a-z]+-)")
    found = [f"{path}: {text[:60]}" for path, text in texts() if bare.search(text)]
    assert found == []


def test_the_present_target_is_what_was_set_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_CURRENT", [])
    assert commands.current_target().profile == ""
    commands.set_target(SHOP)
    assert complete("`runbook attest`").startswith("`./runbook attest --profile shop-eu")
