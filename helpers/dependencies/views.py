"""The dependencies step, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helpers.core.model import Datum, Status, Unavailable
from helpers.core.periods import Period, periods_picture
from helpers.core.view import View, prose, stack, table
from helpers.dependencies.records import BadRelease, DependencyFacts, LockedPlace

__all__ = ["coverage", "overview", "timeline"]


def overview(facts: DependencyFacts) -> View:
    """Each bad release and each file of the malware, with how long it was there."""
    if isinstance(facts.releases, Unavailable):
        return prose(f"Not searched: {facts.releases.reason}")
    rows = [_row(release, place) for release, place in _places(facts)]
    columns = ("what", "verdict", "file", "commit", "author", "from", "until")
    return table(columns, rows, empty="No known-bad release and no file of the malware was found.")


def timeline(facts: DependencyFacts) -> View:
    """When each bad release entered the history, and how long it stayed there."""
    if isinstance(facts.releases, Unavailable):
        return prose(f"Not searched: {facts.releases.reason}")
    bars = [
        Period(release.subject.removeprefix("file "), place.added, place.removed)
        for release, place in _places(facts)
        if place.added and release.status is Status.FAIL
    ]
    if not bars:
        return prose("No commit of the history added a bad release.")
    bars.sort(key=lambda bar: (bar.start, bar.label))
    title = "From when to when a commit pinned each bad release"
    return periods_picture(bars, title)


def coverage(facts: DependencyFacts) -> View:
    """How much was read, and what was not."""
    if isinstance(facts.unread, Unavailable):
        return prose(f"Not searched: {facts.unread.reason}")
    lockfiles, known = _number(facts.lockfiles), _number(facts.advisories)
    said = f"Read: {lockfiles} lockfiles and bills of materials, against {known} advisories."
    rows = [(one.name or one.repository, one.reason) for one in facts.unread.value]
    return stack(prose(said), table(("not read", "reason"), rows, empty="Nothing was left out."))


def _places(facts: DependencyFacts) -> Iterator[tuple[BadRelease, LockedPlace]]:
    for datum in (facts.releases, facts.malware_files):
        found: Iterable[BadRelease] = () if isinstance(datum, Unavailable) else datum.value
        yield from ((release, place) for release in found for place in release.places)


def _row(release: BadRelease, place: LockedPlace) -> tuple[str, ...]:
    still = "on disk" if not place.blob else "still at HEAD" if place.at_head else "–"
    return (
        release.subject,
        "bad" if release.status is Status.FAIL else "check yourself",
        place.path,
        place.added_in[:10] or "–",
        place.author or "–",
        f"{place.added:%Y-%m-%d}" if place.added else "–",
        f"{place.removed:%Y-%m-%d}" if place.removed else still,
    )


def _number(datum: Datum[int]) -> str:
    return "no" if isinstance(datum, Unavailable) else f"{datum.value:,}"
