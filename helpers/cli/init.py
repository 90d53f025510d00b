"""`runbook init`: what a repository and a workspace need, shown before it is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.init_questions import ask_all
from helpers.core.commands import complete
from helpers.core.errors import CollectionError, UsageError
from helpers.core.settings import WORKSPACES, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from helpers.environment.setup import FileChange

__all__ = ["init"]

_ENVIRONMENTS: Final = tuple(one.value for one in Profile if one is not Profile.SANDBOX)


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The repository.")
@click.option(
    "--profile",
    "--workspace",
    "name",
    default="",
    metavar="NAME",
    help="A profile: its .env.NAME is made. Another name: an entry in workspaces.toml.",
)
@click.option(
    "--environment",
    type=click.Choice(_ENVIRONMENTS),
    help="Of a workspace in workspaces.toml: which policy applies. Default: asked for.",
)
@click.option("--workspaces", "file", default="", metavar="FILE", help="Another workspaces.toml.")
@click.option("--all", "every", is_flag=True, help="Ask for every variable.")
@click.option("--check", is_flag=True, help="Ask Intercom whether the token works.")
@click.option("--yes", is_flag=True, help="Make the change without asking.")
def init(
    repo: Path,
    name: str,
    environment: str | None,
    file: str,
    *,
    every: bool,
    check: bool,
    yes: bool,
) -> None:
    """Write .env.example, add to .gitignore, and take the keys of a workspace from hidden prompts.

    Each value is checked when it is typed; only what an audit needs is asked for. The change is
    shown first. What is there already stays; running it again changes nothing.
    """
    from helpers.environment.setup import plan

    top = _repository(repo)
    changes = plan(top)
    for change in changes:
        click.echo(change.diff() + "\n")
    if not changes:
        click.echo(".env.example and .gitignore need no change.")
    elif yes or click.confirm("Make this change?", default=True):
        _make(changes)
    if not name or name in list(Profile):
        _offer_env_file(
            top / (f".env.{name}" if name else ".env"), every=every, check=check, yes=yes
        )
    else:
        _offer_workspace(name, top, environment, file, every=every, check=check, yes=yes)


def _repository(repo: Path) -> Path:
    from helpers.system.git import repository_at

    try:
        return repository_at(repo)
    except CollectionError as error:
        raise UsageError(error.message, error.advice) from None


def _make(changes: tuple[FileChange, ...]) -> None:
    from helpers.environment.setup import apply

    apply(changes)
    click.echo("Done: " + ", ".join(change.path.name for change in changes))


def _offer_env_file(path: Path, *, every: bool, check: bool, yes: bool) -> bool:
    """Make an env file from prompts; True if it is there afterwards."""
    if path.exists():
        click.echo(f"{path.name} is there already and stays as it is.")
        return True
    if yes and not sys.stdin.isatty():
        click.echo(f"{path.name} was not made: its values come from prompts. Run it in a terminal.")
        return False
    if not click.confirm(f"Make {path.name} now, for you alone (0600)?", default=True):
        return False
    _write(path, ask_all(every=every, check=check))
    return True


def _write(path: Path, values: Mapping[str, SecretStr]) -> None:
    from helpers.environment.setup import env_text
    from helpers.system.files import write_private

    if not values:
        raise UsageError("No value was given.", "Copy .env.example to .env when you have them.")
    write_private(path, env_text(values))
    click.echo(f"{path.name} is written.")


def _offer_workspace(
    name: str,
    top: Path,
    environment: str | None,
    file: str,
    *,
    every: bool,
    check: bool,
    yes: bool,
) -> None:
    """Add a workspace to the operator's file, with an env file of its own beside it."""
    from helpers.environment.workspace_entry import entry_text, extended
    from helpers.system.files import write_private

    path = _workspaces_path(file)
    before = path.read_text("utf-8") if path.is_file() else ""
    if name in extended(before, "", path):
        click.echo(f"{name} is in {path} already and stays as it is.")
        return
    extended(before, entry_text(name, environment=Profile.STAGING), path)  # is the name allowed?
    kind = Profile(environment or click.prompt("Environment", type=click.Choice(_ENVIRONMENTS)))
    secrets = path.with_name(f"{name}.env")
    if not _offer_env_file(secrets, every=every, check=check, yes=yes):
        return
    entry = entry_text(name, environment=kind, env_file=secrets.name, repository=top)
    extended(before, entry, path)
    click.echo(f"{path} gets:\n\n{entry}")
    write_private(path, before + ("\n" if before else "") + entry)
    click.echo(complete(f"Audit it: `runbook audit --profile {name}`"))


def _workspaces_path(file: str) -> Path:
    import os

    from helpers.core.workspaces import FILE_NAME, config_home

    named = file or os.environ.get(WORKSPACES, "")
    return Path(named).expanduser().absolute() if named else config_home() / FILE_NAME
