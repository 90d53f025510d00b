"""`runbook policy …`: the policy in force, a file to start with, and its schema for editors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli.groups import SuggestingGroup
from helpers.cli.subject_options import about_a_workspace

if TYPE_CHECKING:
    from helpers.notebook.parameters import Choices

__all__ = ["policy"]


@click.group(cls=SuggestingGroup)
def policy() -> None:
    """Show what is expected of a workspace, or start a `policy.toml`."""


@policy.command()
@about_a_workspace()
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)
def show(choices: Choices, form: str) -> None:
    """Show every value in force and where it comes from: a line of a file, or a default."""
    from helpers.core.policy_document import policy_text
    from helpers.core.policy_file import policy_values
    from helpers.core.workspaces import workspace_named
    from helpers.notebook.context_factory import policy_file, policy_of, policy_source_of

    profile = workspace_named(choices.profile).environment
    found, source = policy_of(choices), policy_source_of(choices)
    values = policy_values(profile, found, source, policy_file(choices))
    if form == "json":
        click.echo(json.dumps([asdict(value) for value in values], indent=2, default=dict))
    else:
        click.echo(policy_text(values), nl=False)


@policy.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="policy.toml")
def init(file: Path) -> None:
    """Write a FILE in which every key is explained and switched off."""
    from helpers.core.errors import UsageError
    from helpers.core.policy_document import policy_template

    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(policy_template())
    except FileExistsError:
        raise UsageError(f"{file} is there already.", "Name another file.") from None
    except OSError as error:
        raise UsageError(
            f"{file} can't be written: {error.strerror}.", "Name another file."
        ) from None
    click.echo(f"{file} is written; it changes nothing until you remove the # of a line.")


@policy.command()
def schema() -> None:
    """Print the JSON schema of `policy.toml`, for completion in an editor."""
    from helpers.core.policy_document import policy_schema

    click.echo(policy_schema(), nl=False)
