"""`runbook init`: what a new repository needs, shown before it is written."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from pydantic import SecretStr

from helpers.core.errors import UsageError
from helpers.core.settings import VARIABLES
from helpers.environment.setup import FileChange, apply, env_text, plan
from helpers.system.files import write_private
from helpers.system.git import repository_at

__all__ = ["init"]


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The repository.")
@click.option("--profile", default="", help="Make .env.PROFILE instead of .env.")
@click.option("--yes", is_flag=True, help="Make the change without asking.")
def init(repo: Path, profile: str, yes: bool) -> None:  # noqa: FBT001 (click's way)
    """Write .env.example, add the env files to .gitignore, and make .env from hidden prompts.

    The change is shown first. What is there already stays; running it again changes nothing.
    """
    top = repository_at(repo)
    changes = plan(top)
    for change in changes:
        click.echo(change.diff() + "\n")
    if not changes:
        click.echo(".env.example and .gitignore need no change.")
    elif _agreed("Make this change?", yes=yes):
        _make(changes)
    _offer_env_file(top / (f".env.{profile}" if profile else ".env"), yes=yes)


def _make(changes: tuple[FileChange, ...]) -> None:
    apply(changes)
    click.echo("Done: " + ", ".join(change.path.name for change in changes))


def _offer_env_file(path: Path, *, yes: bool) -> None:
    if path.exists():
        click.echo(f"{path.name} is there already and stays as it is.")
        return
    if yes and not sys.stdin.isatty():
        click.echo(f"{path.name} was not made: its values come from prompts. Run it in a terminal.")
        return
    if click.confirm(f"Make {path.name} now, for you alone (0600)?", default=True):
        write_private(path, env_text(_asked()))
        click.echo(f"{path.name} is written.")


def _asked() -> dict[str, SecretStr]:
    click.echo("Nothing you type is shown. Press Enter to leave a variable out.")
    values = {}
    for variable in VARIABLES:
        click.echo(f"\n{variable.purpose}")
        answer = click.prompt(
            variable.name, default="", show_default=False, hide_input=variable.secret
        )
        if answer:
            values[variable.name] = SecretStr(answer.strip())
    if not values:
        raise UsageError("No value was given.", "Copy .env.example to .env when you have them.")
    return values


def _agreed(question: str, *, yes: bool) -> bool:
    return yes or click.confirm(question, default=True)
