"""`runbook scan`: search repositories for secrets, at once or before a commit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.core.errors import UsageError
from helpers.core.exit_status import THRESHOLDS, exit_status
from helpers.core.settings import Profile, profile_named
from helpers.core.verdicts import Severity

if TYPE_CHECKING:
    from helpers.exposure.scan_request import ScanRequest
    from helpers.exposure.tally import Progress

__all__ = ["scan"]

INTERRUPTED: Final = 130
_FOLDER = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("paths", nargs=-1, type=_FOLDER)
@click.option("--paths-from", type=_FILE, help="A file that lists more paths, a line each.")
@click.option("--since", default="", help="Only what is new since this revision, and the files.")
@click.option("--staged", is_flag=True, help="Only what is staged: for a pre-commit hook.")
@click.option(
    "--rules", type=click.Choice(["all", "intercom"]), help="Default: all; staged: intercom."
)
@click.option("--all-rules", is_flag=True, help="The same as --rules all.")
@click.option("--verify", is_flag=True, help="Ask Intercom whether a found token is live.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif"]),
    default="table",
    help="table.",
)
@click.option("--fail-on", type=click.Choice(THRESHOLDS), default="high", show_default=True)
@click.option("--profile", default="", help=f"Whose secrets are in use: {', '.join(Profile)}.")
@click.option("--env-file", type=_FILE, help="An env file in place of the profile's own.")
@click.option("--waivers", type=_FILE, help="A waivers.toml. Default: the repository's own.")
@click.option("--no-cache", is_flag=True, help="Look at everything anew.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="At once.")
def scan(  # noqa: PLR0917 (click passes options so)
    paths: tuple[Path, ...],
    paths_from: Path | None,
    since: str,
    staged: bool,  # noqa: FBT001
    rules: str | None,
    all_rules: bool,  # noqa: FBT001
    verify: bool,  # noqa: FBT001
    form: str,
    fail_on: str,
    profile: str,
    env_file: Path | None,
    waivers: Path | None,
    no_cache: bool,  # noqa: FBT001
    jobs: int,
) -> int:
    r"""Find every secret in repositories: all objects, the index, files, git's own folder.

    Without --verify nothing leaves the machine. Each secret is told once, with all its places,
    by its fingerprint; none is ever shown.

    \b
    Exit status: 0 nothing at or above --fail-on; 11 to 14 the worst (low, medium, high, critical);
    10 something was not readable; 2 usage; 3 nothing could be searched; 130 interrupted.
    """
    from helpers.exposure.scan_request import ScanRequest
    from helpers.exposure.scope import Scope

    if since and staged:
        raise UsageError("--since and --staged exclude each other.", "Give one of them.")
    chosen = "all" if all_rules else rules or ("intercom" if staged else "all")
    request = ScanRequest(
        paths=_paths(paths, paths_from),
        scope=Scope(since, staged),
        all_rules=chosen == "all",
        verify=verify,
        profile=profile_named(profile) if profile else None,
        env_file=env_file,
        waivers=waivers,
        cache=not no_cache,
        jobs=jobs,
    )
    if staged and form == "table" and _staged_is_clean(request):
        return 0
    return _scan(request, form, fail_on)


def _staged_is_clean(request: ScanRequest) -> bool:
    from helpers.exposure.staged import staged_objects_if_clean

    objects = staged_objects_if_clean(request)
    if objects is None:
        return False
    click.echo(f"Nothing secret is staged. Searched: {objects} git objects.")
    return True


def _scan(request: ScanRequest, form: str, fail_on: str) -> int:
    from helpers.cli.scan_output import FORMS
    from helpers.exposure.scanning import scan_all

    with _progress() as observe:
        result = scan_all(request, observe)
    click.echo(FORMS[form](request, result))
    if result.coverage.interrupted:
        return INTERRUPTED
    return exit_status(result.report, "never" if fail_on == "never" else Severity(fail_on))


def _paths(paths: tuple[Path, ...], listed: Path | None) -> tuple[Path, ...]:
    lines = listed.read_text("utf-8").splitlines() if listed else []
    more = tuple(Path(line).expanduser() for line in lines if line.strip())
    return (*paths, *more) or (Path(),)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A line with rate and time left, on a terminal alone."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    started = time.monotonic()
    yield lambda progress: click.echo(f"\r{_line(progress, started)}\x1b[K", err=True, nl=False)
    click.echo("\r\x1b[K", err=True, nl=False)


def _line(progress: Progress, started: float) -> str:
    rate = progress.done / max(time.monotonic() - started, 1e-3)
    left = (progress.total - progress.done) / max(rate, 1)
    return (
        f"{progress.done >> 20} of {progress.total >> 20} MB, {rate / (1 << 20):.0f} MB/s, "
        f"{left:.0f} s left, {progress.found} secrets"
    )
