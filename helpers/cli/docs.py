"""`runbook docs`: rebuild the committed notebooks with the outputs of a sandbox run."""

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
    help="Write the notebooks there instead of in place.",
)
def docs(out: Path) -> None:
    """Run every notebook on the sandbox and save it with its outputs, reproducible to the byte."""
    from helpers.run.rebuild_notebooks import rebuild

    for path in rebuild(NOTEBOOKS, out):
        click.echo(path.name)
