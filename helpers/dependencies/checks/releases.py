"""Was a known-bad release ever pinned, and did it leave files behind?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    FilePlace,
    Outcome,
    Resource,
    Severity,
    Status,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.dependencies.records import BadRelease, LockedPlace

__all__ = ["no_bad_release_was_pinned", "no_file_of_the_malware_is_here"]

_REPOSITORY = Resource(kind="repository", key="repository", name="the repository")
_CONTROLS = ("NIST CSF DE.CM-09", "NIST CSF RS.MA-01", "SOC 2 CC7.1")
_MOST_PLACES: Final = 8  # in a finding; the facts hold more
_CONTAIN = (
    (
        "Isolate every machine and CI runner that installed it since the first date below, and "
        "keep the evidence."
    ),
    (
        "From a clean machine, remove what the malware planted (`.claude`, `.vscode`) before you "
        "revoke any token."
    ),
    (
        "Replace every secret that those machines could read: GitHub and npm tokens first, then "
        "cloud, CI and SSH keys, then Intercom's (notebook 03)."
    ),
    "Check what happened in Intercom since that date: notebook 08.",
    "Delete the package manager's caches and the images that contain it, and rebuild.",
    (
        "`runbook incident supply-chain` names the people, jobs and secrets that it may have "
        "reached, and keeps the progress."
    ),
)
_REFERENCES = (
    "https://github.com/advisories/GHSA-54pg-9963-v8vg",
    "https://github.com/advisories/GHSA-gr3r-crp5-qrrm",
)


@check(
    id="DEP-001",
    step="dependencies",
    title="No known-bad release was ever pinned",
    fails="A known-bad release was pinned here",
    incident=True,
    severity=Severity.CRITICAL,
    effort=Effort.DAYS,
    remediation=_CONTAIN,
    references=_REFERENCES,
    controls=_CONTROLS,
    partial=("releases",),
)
def no_bad_release_was_pinned(
    releases: tuple[BadRelease, ...], lockfiles: int
) -> Iterator[Outcome]:
    """A bad release runs its code when it is installed: removing it afterwards undoes nothing.

    PASS: lockfiles or bills of materials were read, in every commit, and none names such a release.
    FAIL: one names it, now or earlier; the evidence says in which commits and for how long.
    MANUAL: one names a version that was published twice, and not which of the two.
    NOT_APPLICABLE: the repository contains no lockfile and no bill of materials.
    ERROR: the repository, a lockfile, or part of the history could not be read.
    """
    for release in releases:
        yield _judged(release)
    if not releases and not lockfiles:
        yield not_applicable(_REPOSITORY, "It contains no lockfile and no bill of materials.")
    elif not releases:
        yield passed(_REPOSITORY, f"None of its {lockfiles} lockfiles names a known-bad release.")


@check(
    id="DEP-002",
    step="dependencies",
    title="No file of the known malware is here",
    fails="A file of known malware is here",
    incident=True,
    severity=Severity.CRITICAL,
    effort=Effort.DAYS,
    remediation=(
        "Do not open this folder in an editor or an agent: the planted hooks run at that moment.",
        *_CONTAIN,
    ),
    references=_REFERENCES,
    controls=_CONTROLS,
    partial=("malware_files",),
)
def no_file_of_the_malware_is_here(malware_files: tuple[BadRelease, ...]) -> Iterator[Outcome]:
    """What it leaves in a repository starts it again on the next machine that opens the folder.

    PASS: no file of a known name, content or hook was found, on disk or in any commit.
    FAIL: a file has the malware's bytes, lies where only the bad release puts it, or starts it.
    MANUAL: a file has the malware's name and other bytes: read it.
    NOT_APPLICABLE: never: every repository can be searched for the files.
    ERROR: the repository, a file, or part of the history could not be read.
    """
    for found in malware_files:
        yield _judged(found)
    if not malware_files:
        yield passed(_REPOSITORY, "No file of the malware was found on disk or in any commit.")


def _judged(release: BadRelease) -> Outcome:
    name = release.subject.removeprefix("file ")
    resource = Resource(kind="file" if release.is_file else "release", key=name, name=name)
    ids = f" ({', '.join(release.advisories)})" if release.advisories else ""
    seen = [_evidence(place) for place in release.places[:_MOST_PLACES]]
    if len(release.places) > _MOST_PLACES:
        seen.append(Evidence(what=f"and {len(release.places) - _MOST_PLACES} more places"))
    message = f"{release.summary[:1].upper()}{release.summary[1:]}{ids}."
    if release.status is Status.FAIL:
        return failed(resource, message, *seen, severity=release.severity)
    return manual(resource, f"{message} {release.reason}".strip(), *seen)


def _evidence(place: LockedPlace) -> Evidence:
    if not place.blob:
        return Evidence(what="On disk", where=place.path, place=FilePlace(path=place.path))
    said = "At HEAD" if place.at_head else "In the history"
    if place.added:
        said = f"Added {place.added:%Y-%m-%d} by {place.author}"
    if place.removed:
        said += f", removed {place.removed:%Y-%m-%d}"
        said += f" after {place.days} days" if place.days else ""
    elif place.added:
        said += ", still at HEAD" if place.at_head else ", not removed on that branch"
    commit = place.added_in
    where = f"{place.path} at {commit[:10]}" if commit else place.path
    return Evidence(what=said, where=where, place=FilePlace(path=place.path, commit=commit))
