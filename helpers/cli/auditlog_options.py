"""Shared by the commands of `runbook auditlog`: options, and the log or profile they use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.notebook.parameters import Choices

if TYPE_CHECKING:
    from helpers.auditlog.log import AuditLog
    from helpers.core.context import Context

__all__ = [
    "FOLDER",
    "changing",
    "context_of",
    "log_of",
    "own_log",
    "readable",
    "reading",
    "reading_folder",
]

FOLDER: Final = click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)


reading = about_a_workspace()
reading_folder = about_a_workspace(
    optional=lambda given: given["folder"] is not None,
    announce=lambda given: given["folder"] is None,
)
changing = about_a_workspace(effect=True)


@contextmanager
def context_of(choices: Choices) -> Iterator[Context]:
    """Open a workspace as the audit step does."""
    from helpers.notebook.context_factory import open_context

    with ExitStack() as closing:
        yield open_context("auditlog", choices, closing)


@contextmanager
def log_of(folder: Path | None, choices: Choices) -> Iterator[tuple[Path, Path | None]]:
    """The folder of a log, and the state folder that holds its head."""
    from helpers.auditlog.status import log_folder

    if folder:
        yield folder, None
        return
    with context_of(choices) as context:
        yield log_folder(context.settings, context.state)[0], context.state


@contextmanager
def own_log(choices: Choices) -> Iterator[tuple[AuditLog, Context]]:
    """The runbook's own log of a workspace, open for writing."""
    from helpers.auditlog.log import AuditLog

    with (
        context_of(choices) as context,
        AuditLog.open(
            context.state / "audit", context.state, clock=context.clock, redactor=context.redactor
        ) as log,
    ):
        yield log, context


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Turn an OSError into a CollectionError that says why the log can't be read."""
    from helpers.core.errors import CollectionError

    try:
        yield
    except OSError as error:
        raise CollectionError(
            f"The audit log {folder} can't be read: {(error.strerror or 'unknown').lower()}.",
            "Run this as a user who may read it.",
        ) from None
