"""`runbook scan`: search repositories for secrets, at any time or before a commit.

Imports nothing heavy, because a commit waits for `runbook scan --staged`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.core.errors import UsageError
from helpers.core.exit_status import BLIND, NOTHING_VERIFIED, THRESHOLDS, exit_status
from helpers.core.verdicts import Severity

if TYPE_CHECKING:
    from helpers.core.settings import Settings
    from helpers.exposure.scan import JudgedScan
    from helpers.exposure.scan_items import ScanProgress
    from helpers.exposure.search import ScanRequest
    from helpers.notebook.parameters import Choices

__all__ = ["scan"]

INTERRUPTED: Final = 130
SCHEMA_VERSION: Final = "1"  # of the JSON; a new field leaves it, a changed one raises it
_FOLDER = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("paths", nargs=-1, type=_FOLDER)
@click.option("--paths-from", type=_FILE, help="A file with more paths, one a line.")
@click.option("--since", default="", help="Search files and what is new since this revision.")
@click.option("--staged", is_flag=True, help="Search staged changes only: for a pre-commit hook.")
@click.option("--rules", type=click.Choice(["all", "intercom"]), default="all", show_default=True)
@click.option("--verify", is_flag=True, help="Ask Intercom whether the tokens found are live.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif"]),
    default="table",
    help="Default: table.",
)
@click.option("--fail-on", type=click.Choice(THRESHOLDS), default="high", show_default=True)
@about_a_workspace(optional=True)
@click.option("--waivers", type=_FILE, help="A waivers.toml. Default: the repository's own.")
@click.option("--verbose", is_flag=True, help="List every secret and all its places.")
@click.option("--no-cache", is_flag=True, help="Scan everything again.")
@click.option(
    "--jobs", type=click.IntRange(1), default=2, show_default=True, help="Paths in parallel."
)
def scan(  # noqa: PLR0917 (click passes options this way)
    paths: tuple[Path, ...],
    paths_from: Path | None,
    since: str,
    staged: bool,  # noqa: FBT001
    rules: str,
    verify: bool,  # noqa: FBT001
    form: str,
    fail_on: str,
    choices: Choices,
    waivers: Path | None,
    verbose: bool,  # noqa: FBT001
    no_cache: bool,  # noqa: FBT001
    jobs: int,
) -> int:
    r"""Find every secret in repositories: all objects, the index, files, git's own folder.

    Without --verify nothing leaves the machine. Each secret is reported once, with all its places
    and its fingerprint; the secret itself is never shown.

    \b
    Exit status: 0 nothing at or above --fail-on; 11 to 14 the worst (low, medium, high, critical);
    10 something was not searched and nothing fails; 2 usage; 3 nothing could be searched;
    130 interrupted.
    """
    from helpers.exposure.search import ScanRequest, ScanScope

    if since and staged:
        raise UsageError("--since and --staged exclude each other.", "Give one of them.")
    request = ScanRequest(
        paths=_paths(paths, paths_from, choices.repo),
        scope=ScanScope(since, staged),
        all_rules=rules == "all",
        verify=verify,
        chosen=_settings(choices) if choices.profile else None,
        env_file=Path(choices.env_file) if choices.env_file else None,
        waivers=waivers,
        cache=not no_cache,
        jobs=jobs,
    )
    if staged and form == "table" and _staged_is_clean(request):
        return 0
    return _scan(request, form, fail_on, verbose=verbose)


def _staged_is_clean(request: ScanRequest) -> bool:
    from helpers.exposure.search import staged_objects_if_clean

    objects = staged_objects_if_clean(request)
    if objects is None:
        return False
    click.echo(f"No secret is staged. Searched: {objects} git objects.")
    return True


def _scan(request: ScanRequest, form: str, fail_on: str, *, verbose: bool) -> int:
    from helpers.exposure.scan import scan_all

    with _progress() as observe:
        result = scan_all(request, observe)
    click.echo(_text(request, result, form, verbose=verbose))
    if result.coverage.interrupted:
        return INTERRUPTED
    status = exit_status(result.report, "never" if fail_on == "never" else Severity(fail_on))
    incomplete = not result.coverage.complete and fail_on != "never"
    searched = result.coverage.objects or result.coverage.files
    quiet = not status or (status == NOTHING_VERIFIED and searched)
    return BLIND if incomplete and quiet else status


def _text(request: ScanRequest, result: JudgedScan, form: str, *, verbose: bool) -> str:
    if form in _FORMATS:
        return _FORMATS[form](request, result)
    from helpers.cli.scan_table import to_table

    return to_table(result, all_rules=request.all_rules, verbose=verbose)


def _settings(choices: Choices) -> Settings:
    """Whose secrets are in use; the sandbox's are the demo's, which no repository holds."""
    from helpers.notebook.context_factory import settings_of

    return settings_of(choices)


def _paths(paths: tuple[Path, ...], listed: Path | None, repo: str) -> tuple[Path, ...]:
    lines = listed.read_text("utf-8").splitlines() if listed else []
    more = tuple(Path(line).expanduser() for line in lines if line.strip())
    return (*paths, *more) or (Path(repo),)


@contextmanager
def _progress() -> Iterator[Callable[[ScanProgress], None]]:
    """Show a line with rate and time left, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    started = time.monotonic()
    yield lambda progress: click.echo(f"\r{_line(progress, started)}\x1b[K", err=True, nl=False)
    click.echo("\r\x1b[K", err=True, nl=False)


def _line(progress: ScanProgress, started: float) -> str:
    rate = progress.done / max(time.monotonic() - started, 1e-3)
    left = (progress.total - progress.done) / max(rate, 1)
    return (
        f"{progress.done >> 20} of {progress.total >> 20} MB, {rate / (1 << 20):.0f} MB/s, "
        f"{left:.0f} s left, {progress.found} secrets"
    )


def _json(_: ScanRequest, result: JudgedScan) -> str:
    """Return the leaks with all their places, the coverage and the findings, in ASCII.

    docs/scan.schema.json describes the document.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": result.report.tool_version,
        "leaks": [leak.model_dump(mode="json") for leak in result.leaks],
        "coverage": result.coverage.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in result.report.findings],
    }
    return json.dumps(document, indent=2)


def _sarif(request: ScanRequest, result: JudgedScan) -> str:
    from helpers.cli.scan_sarif import to_scan_sarif

    return to_scan_sarif(request.paths, result)


_FORMATS: Final[dict[str, Callable[[ScanRequest, JudgedScan], str]]] = {
    "json": _json,
    "sarif": _sarif,
}
