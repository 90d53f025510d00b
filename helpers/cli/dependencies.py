"""`runbook dependencies`: find known-bad releases in lockfiles, now and in the whole history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.core.exit_status import BLIND, NOTHING_VERIFIED, THRESHOLDS
from helpers.core.redaction import sanitize
from helpers.core.verdicts import Severity, Status

if TYPE_CHECKING:
    from helpers.dependencies.records import BadRelease, DependencySearch, LockedPlace

__all__ = ["dependencies"]

_FOLDER = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_MOST_SHOWN: Final = 20  # places of one finding, and things that were not read


@click.command()
@click.argument("paths", nargs=-1, type=_FOLDER)
@click.option(
    "--osv", "more", multiple=True, type=_FILE, help="More advisories: OSV JSON or a ZIP of it."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option("--fail-on", type=click.Choice(THRESHOLDS), default="high", show_default=True)
def dependencies(paths: tuple[Path, ...], more: tuple[Path, ...], form: str, fail_on: str) -> int:
    r"""Find known-bad releases in lockfiles and bills of materials, in every commit and on disk.

    Knows the releases of Intercom's packages that carried malware in 2026. Nothing leaves the
    machine, and nothing of the repository is run.

    \b
    Exit status: 0 nothing at or above --fail-on; 11 to 14 the worst (low, medium, high, critical);
    10 something was not readable, or needs a person, and nothing fails; 2 usage;
    3 no lockfile was read; 130 interrupted.
    """
    from helpers.dependencies.osv import AdvisoryIndex, delivered_advisories, load_osv
    from helpers.dependencies.search import search_repositories

    own = (advisory for path in more for advisory in load_osv(path))
    index = AdvisoryIndex.of([*delivered_advisories(), *own])
    result = search_repositories(paths or (Path(),), index)
    if form == "json":
        click.echo(result.model_dump_json(indent=2, ensure_ascii=True))
    else:
        click.echo("\n".join(_table(result)))
    return _exit_status(result, fail_on)


def _exit_status(result: DependencySearch, fail_on: str) -> int:
    if not result.lockfiles and not result.releases:
        return NOTHING_VERIFIED
    if fail_on == "never":
        return 0
    failing = [one.severity.rank for one in result.releases if one.status is Status.FAIL]
    worst = max(failing, default=0)
    if worst >= Severity(fail_on).rank:
        return BLIND + worst
    undecided = any(one.status is Status.MANUAL for one in result.releases)
    return BLIND if result.unread or undecided else 0


def _table(result: DependencySearch) -> Iterator[str]:
    for release in result.releases:
        yield from _release(release)
    for one in result.unread[:_MOST_SHOWN]:
        named = f"{one.repository}: {one.name}".removesuffix(": ")
        yield sanitize(f"not read  {named}: {one.reason}")
    if len(result.unread) > _MOST_SHOWN:
        yield f"not read  {len(result.unread) - _MOST_SHOWN} more (--format json lists them)"
    bad = sum(one.status is Status.FAIL for one in result.releases)
    found = "1 bad release or file" if bad == 1 else f"{bad} bad releases or files"
    yield (
        f"{found}. Read: {result.lockfiles} lockfiles in {result.repositories} repositories, "
        f"against {result.advisories} advisories."
    )
    if not result.lockfiles:
        yield "No lockfile was read, so nothing is proven."


def _release(release: BadRelease) -> Iterator[str]:
    failing = release.status is Status.FAIL
    word = str(release.severity) if failing else "check yourself"
    label = click.style(word, fg="bright_red" if failing else "cyan", bold=True)
    ids = ", ".join(release.advisories)
    yield f"{label}  {sanitize(release.subject)}  {sanitize(release.repository)}"
    yield sanitize(f"    {release.summary}" + (f" ({ids})" if ids else ""))
    if release.reason:
        yield sanitize(f"    {release.reason}")
    for place in release.places[:_MOST_SHOWN]:
        yield sanitize(f"    - {_place(place)}")
    if len(release.places) > _MOST_SHOWN:
        yield f"    - {len(release.places) - _MOST_SHOWN} more"
    if failing:
        yield "    1. Isolate every machine and CI run that installed it; keep the evidence."
        yield "    2. Replace, from a clean machine, every secret that they could read."
        yield "    3. Remove the release; delete caches and images that contain it."
    yield ""


def _place(place: LockedPlace) -> str:
    if not place.blob:
        return f"{place.path}  on disk"
    parts = [place.path, "at HEAD" if place.at_head else "in history"]
    if place.added:
        parts.append(f"added {place.added:%Y-%m-%d} by {place.author} ({place.added_in[:10]})")
    if place.removed:
        lay = f", after {place.days} days" if place.days is not None and place.days >= 0 else ""
        parts.append(f"removed {place.removed:%Y-%m-%d} ({place.removed_in[:10]}){lay}")
    return "  ".join(parts)
