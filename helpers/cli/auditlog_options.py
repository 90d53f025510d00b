"""Shared by the commands of `runbook auditlog`: options, and the log or profile they use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from helpers.cli.trust_options import allow_host, trust_policy

if TYPE_CHECKING:
    from helpers.auditlog.log import AuditLog
    from helpers.core.context import Context

__all__ = ["FOLDER", "context_of", "log_of", "of_profile", "own_log", "readable"]

_PROFILE: Final = click.option("--profile", default="sandbox", show_default=True)
_ENV_FILE: Final = click.option("--env-file", default="", help="Instead of the profile's own.")
_POLICY: Final = click.option("--policy", default="", help="Default: the project's policy.toml.")
FOLDER: Final = click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)


def of_profile(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a profile and its files."""
    return _PROFILE(_ENV_FILE(_POLICY(allow_host(trust_policy(function)))))


@contextmanager
def context_of(profile: str, env_file: str, policy: str) -> Iterator[Context]:
    """Open a profile as the audit step does."""
    from helpers.notebook.context_factory import open_context
    from helpers.notebook.parameters import Choices

    with ExitStack() as closing:
        yield open_context("auditlog", Choices(profile, env_file, policy=policy), closing)


@contextmanager
def log_of(
    folder: Path | None, profile: str, env_file: str, policy: str
) -> Iterator[tuple[Path, Path | None]]:
    """The folder of a log, and the state folder that holds its head."""
    from helpers.auditlog.status import log_folder

    if folder:
        yield folder, None
        return
    with context_of(profile, env_file, policy) as context:
        yield log_folder(context.settings, context.state)[0], context.state


@contextmanager
def own_log(profile: str, env_file: str, policy: str) -> Iterator[tuple[AuditLog, Context]]:
    """The runbook's own log of a profile, open for writing."""
    from helpers.auditlog.log import AuditLog

    with (
        context_of(profile, env_file, policy) as context,
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
