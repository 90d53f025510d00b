"""`runbook …`: one module a command group, loaded when it is called.

The main function turns every error into one clear message and the documented exit status; no
traceback reaches a user (`RUNBOOK_DEBUG=1` shows it).
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import click

from helpers.cli.groups import SuggestingGroup
from helpers.cli.output import guard_output
from helpers.core.commands import complete
from helpers.core.errors import RunbookError, UsageError
from helpers.intercom.called_hosts import CALLED

__all__ = ["main", "runbook"]

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})

# name: (module:command, one line of help). The help stands here so that `--help` imports nothing.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "audit": ("helpers.cli.audit:audit", "Run every notebook and write the report."),
    "auditlog": (
        "helpers.cli.auditlog:auditlog",
        "Verify, seal and read the audit log; query Intercom's.",
    ),
    "review": ("helpers.cli.review:review", "Sign off a period of the activity log."),
    "attest": ("helpers.cli.attest:attest", "Record what no API reports, with a name and a date."),
    "calls": ("helpers.cli.calls:calls", "Every call that an audit may make, with its scope."),
    "report": ("helpers.cli.report:report", "Judge a finished run again; show it in any format."),
    "dependencies": (
        "helpers.cli.dependencies:dependencies",
        "Find known-bad releases in lockfiles and their history.",
    ),
    "diff": ("helpers.cli.diff:diff", "What changed from one run to another."),
    "checks": ("helpers.cli.catalog:checks", "List every check."),
    "explain": ("helpers.cli.catalog:explain", "Why a check exists, and its verdicts."),
    "incident": (
        "helpers.cli.incident:incident",
        "Recover from a known-bad release, step by step.",
    ),
    "install": ("helpers.cli.install:install", "Put the command on PATH."),
    "lab": ("helpers.cli.lab:lab", "Open JupyterLab at the first notebook."),
    "init": ("helpers.cli.init:init", "Set up a repository: .env.example, .gitignore, .env."),
    "keys": ("helpers.cli.keys:keys", "How old every key is, and when it is due."),
    "policy": ("helpers.cli.policy:policy", "Show the policy in force, or start a policy.toml."),
    "waive": ("helpers.cli.waive:waive", "Accept a finding until a day, with owner and reason."),
    "rotate": ("helpers.cli.rotate:rotate", "Replace a key; prove the old one dead."),
    "sandbox": ("helpers.cli.sandbox:sandbox", "Run the local Intercom; print its credentials."),
    "scan": ("helpers.cli.scan:scan", "Find every secret in repositories."),
    "scopes": ("helpers.cli.scopes:scopes", "What tokens may do, what code needs, what to change."),
    "docs": ("helpers.cli.docs:docs", "Rebuild the committed notebooks on the sandbox."),
    "test": ("helpers.cli.test:test", "Run every test, and check the notebooks."),
    "webhook": ("helpers.cli.webhook:webhook", "Try a webhook receiver; send to it, listen."),
}


class LazyGroup(SuggestingGroup):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return _with_marks(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _with_marks(command: click.Command) -> click.Command:
    r"""Put in click's mark for lines that stay as they are: docstrings are raw, and spell it \b."""
    command.help = (command.help or "").replace("\\b", "\b")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _with_marks(inner)
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="intercom-security-runbook", prog_name="runbook")
def runbook() -> None:
    """Audit how your team holds the secrets of its Intercom workspace."""


def _report_host(host: str) -> None:
    """Say where a secret goes, on standard error, before it is sent."""
    click.echo(f"Calling {host}.", err=True)


def main() -> None:
    """Run the command line; end with the documented exit status."""
    guard_output()
    CALLED.report = _report_host
    try:
        import fcntl  # noqa: F401 (file locks, which every command that writes needs)
    except ImportError:
        click.echo("Error: the runbook needs Linux or macOS. On Windows, run it in WSL.", err=True)
        sys.exit(UsageError.exit_status)
    try:
        status = runbook.main(standalone_mode=False, prog_name="runbook")
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(UsageError.exit_status)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; every file that was written is complete.", err=True)
        sys.exit(130)
    except RunbookError as error:
        click.echo(complete(f"Error: {error.message}\n{error.advice}"), err=True)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # `| head` has seen enough
        _discard_output()
        sys.exit(RunbookError.exit_status)
    except Exception as error:
        if problem := _storage_problem(error):
            _discard_output()
            click.echo(f"Error: {problem}\nMake room or change the rights; run it again.", err=True)
            sys.exit(RunbookError.exit_status)
        if os.environ.get("RUNBOOK_DEBUG"):
            raise
        click.echo(f"Error: {type(error).__name__}, a bug in the runbook.", err=True)
        click.echo("RUNBOOK_DEBUG=1 shows where; please report it.", err=True)
        sys.exit(RunbookError.exit_status)
    sys.exit(status if isinstance(status, int) else 0)


def _storage_problem(error: Exception) -> str:
    """What could not be written, if a full or read-only disk is the cause."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"{error.filename or 'the state'} can't be written: {error.strerror}."
    if (type(error).__module__, type(error).__name__) == ("sqlite3", "OperationalError"):
        return f"the state can't be written: {error}."  # sqlite3 is not imported for this
    return ""


def _discard_output() -> None:
    """Send what is still buffered nowhere; it would raise again when Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
