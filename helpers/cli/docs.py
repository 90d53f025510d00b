"""`runbook docs`: re-make the committed notebooks with the outputs of a sandbox run."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["docs"]

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=NOTEBOOKS,
    help="Write them there instead of in place.",
)
def docs(out: Path) -> None:
    """Run every notebook on the sandbox and write it with its outputs, byte for byte the same."""
    from helpers.run.rebuild_notebooks import remake

    for path in remake(NOTEBOOKS, out):
        click.echo(path.name)
