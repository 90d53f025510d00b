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

from helpers.cli.trust_options import allow_host
from helpers.core.errors import UsageError
from helpers.core.exit_status import THRESHOLDS, exit_status
from helpers.core.redaction import sanitize
from helpers.core.settings import Profile, profile_named
from helpers.core.verdicts import Severity, Status

if TYPE_CHECKING:
    from helpers.core.model import Finding
    from helpers.exposure.scan import JudgedScan
    from helpers.exposure.scan_items import ScanProgress
    from helpers.exposure.search import ScanRequest

__all__ = ["scan"]

INTERRUPTED: Final = 130
_FOLDER = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_WORDS: Final = {Status.MANUAL: "check yourself", Status.ERROR: "could not look"}
_SHOWN: Final = (Status.FAIL, *_WORDS)
_COLOURS: Final = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}


@click.command()
@click.argument("paths", nargs=-1, type=_FOLDER)
@click.option("--paths-from", type=_FILE, help="A file with more paths, one a line.")
@click.option("--since", default="", help="Search files and what is new since this revision.")
@click.option("--staged", is_flag=True, help="Search staged changes only: for a pre-commit hook.")
@click.option(
    "--rules", type=click.Choice(["all", "intercom"]), help="Default: all; staged: intercom."
)
@click.option("--all-rules", is_flag=True, help="The same as --rules all.")
@click.option("--verify", is_flag=True, help="Ask Intercom whether the tokens found are live.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif"]),
    default="table",
    help="Default: table.",
)
@click.option("--fail-on", type=click.Choice(THRESHOLDS), default="high", show_default=True)
@click.option("--profile", default="", help=f"Whose secrets are in use: {', '.join(Profile)}.")
@click.option("--env-file", type=_FILE, help="An env file in place of the profile's own.")
@click.option("--waivers", type=_FILE, help="A waivers.toml. Default: the repository's own.")
@click.option("--no-cache", is_flag=True, help="Scan everything again.")
@click.option(
    "--jobs", type=click.IntRange(1), default=2, show_default=True, help="Paths in parallel."
)
@allow_host
def scan(  # noqa: PLR0917 (click passes options this way)
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

    Without --verify nothing leaves the machine. Each secret is reported once, with all its places
    and its fingerprint; the secret itself is never shown.

    \b
    Exit status: 0 nothing at or above --fail-on; 11 to 14 the worst (low, medium, high, critical);
    10 something was not readable; 2 usage; 3 nothing could be searched; 130 interrupted.
    """
    from helpers.exposure.search import ScanRequest, ScanScope

    if since and staged:
        raise UsageError("--since and --staged exclude each other.", "Give one of them.")
    chosen = "all" if all_rules else rules or ("intercom" if staged else "all")
    request = ScanRequest(
        paths=_paths(paths, paths_from),
        scope=ScanScope(since, staged),
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
    from helpers.exposure.search import staged_objects_if_clean

    objects = staged_objects_if_clean(request)
    if objects is None:
        return False
    click.echo(f"No secret is staged. Searched: {objects} git objects.")
    return True


def _scan(request: ScanRequest, form: str, fail_on: str) -> int:
    from helpers.exposure.scan import scan_all

    with _progress() as observe:
        result = scan_all(request, observe)
    click.echo(_FORMATS[form](request, result))
    if result.coverage.interrupted:
        return INTERRUPTED
    return exit_status(result.report, "never" if fail_on == "never" else Severity(fail_on))


def _paths(paths: tuple[Path, ...], listed: Path | None) -> tuple[Path, ...]:
    lines = listed.read_text("utf-8").splitlines() if listed else []
    more = tuple(Path(line).expanduser() for line in lines if line.strip())
    return (*paths, *more) or (Path(),)


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
    """Return the leaks with all their places, the coverage and the findings, in ASCII."""
    document = {
        "leaks": [leak.model_dump(mode="json") for leak in result.leaks],
        "coverage": result.coverage.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in result.report.findings],
    }
    return json.dumps(document, indent=2)


def _sarif(_: ScanRequest, result: JudgedScan) -> str:
    from helpers.report.sarif import to_sarif

    return to_sarif(result.report)


def _table(request: ScanRequest, result: JudgedScan) -> str:
    shown = [f for f in result.report.findings if f.status in _SHOWN]
    shown.sort(key=lambda f: (f.waiver is not None, f.status, -f.severity.rank, f.resource.key))
    lines = [line for finding in shown for line in _finding(finding)]
    safe = [line if "\x1b[" in line else sanitize(line) for line in lines]
    secrets = sum(f.resource.kind == "secret" for f in shown)
    return "\n".join([*safe, _summary(request, result, secrets)])


def _summary(request: ScanRequest, result: JudgedScan, secrets: int) -> str:
    searched = result.coverage
    rules = "all" if request.all_rules else "Intercom's"
    exposed = "1 secret is exposed" if secrets == 1 else f"{secrets} secrets are exposed"
    text = (
        f"{exposed}. Searched with {rules} rules: {searched.objects} git objects, "
        f"{searched.files} files, {searched.repositories} repositories."
    )
    if searched.interrupted:
        text += " Interrupted: the rest was not searched; the next scan continues from here."
    return text


def _finding(finding: Finding) -> Iterator[str]:
    word = str(finding.severity) if finding.status is Status.FAIL else _WORDS[finding.status]
    waived = f", waived until {finding.waiver.expires}" if finding.waiver else ""
    waived += f" by {finding.waiver.origin}" if finding.waiver and finding.waiver.origin else ""
    colour = _COLOURS[finding.severity] if finding.status is Status.FAIL else "cyan"
    label = click.style(f"{word}{waived}", fg=colour, bold=True)
    yield f"{label}  {finding.check}  {sanitize(finding.resource.label)}"
    yield f"    {finding.message}"
    for evidence in finding.evidence:
        yield f"    - {evidence.where or '…'}  {evidence.what}"
    if finding.status is Status.FAIL and not finding.waiver:
        for number, step in enumerate(finding.remediation, 1):
            yield f"    {number}. {step}"
    yield ""


_FORMATS: Final[dict[str, Callable[[ScanRequest, JudgedScan], str]]] = {
    "table": _table,
    "json": _json,
    "sarif": _sarif,
}
