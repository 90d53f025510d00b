"""`runbook install`: put the command on PATH."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from helpers.core.errors import ConfigurationError, UsageError

__all__ = ["install"]

_SCRIPT: Final = Path(__file__).resolve().parents[2] / "runbook"


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where to put the link. Default: ~/.local/bin.",
)
def install(folder: Path | None) -> None:
    """Link `runbook` into ~/.local/bin, so that it works from every folder.

    The clone stays where it is. What is there already is never replaced.
    """
    target = (folder or Path.home() / ".local" / "bin").expanduser().absolute()
    link = target / "runbook"
    if link.resolve() == _SCRIPT and link.is_symlink():
        click.echo(f"{link} is there already.")
    else:
        _make(link)
        click.echo(f"{link} now runs {_SCRIPT}.")
    if not _on_path(target):
        click.echo(f"{target} is not on PATH. Add it to your shell's start-up file:")
        click.echo(f'  export PATH="{target}:$PATH"')


def _make(link: Path) -> None:
    if not _SCRIPT.is_file():
        raise UsageError(f"There is no {_SCRIPT}.", "Run it from a clone: ./runbook install.")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(_SCRIPT)
    except FileExistsError:
        raise UsageError(
            f"{link} exists and is something else.", "Remove it, or name another --folder."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{link} can't be made: {error.strerror}.", "Name another --folder."
        ) from None


def _on_path(folder: Path) -> bool:
    listed = os.environ.get("PATH", "").split(os.pathsep)
    return any(one and Path(one).resolve() == folder.resolve() for one in listed)
