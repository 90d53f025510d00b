"""Several scans as one: a secret that lies in two repositories is one leak with both places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from helpers.exposure.records import Coverage, Leak, Missed, Place
from helpers.exposure.scan import Scanned

__all__ = ["combined"]

_EXAMPLES: Final = 5


def combined(scans: Sequence[tuple[str, Scanned]]) -> tuple[tuple[Leak, ...], Coverage]:
    """The leaks and the coverage of all; with several, places say which repository they are in."""
    if len(scans) == 1:
        return scans[0][1].leaks, scans[0][1].coverage
    by_fingerprint: dict[str, Leak] = {}
    for label, scanned in scans:
        for leak in scanned.leaks:
            here = _labelled(leak, label)
            known = by_fingerprint.get(leak.fingerprint)
            by_fingerprint[leak.fingerprint] = _joined(known, here) if known else here
    leaks = sorted(by_fingerprint.values(), key=lambda k: (not k.intercom, k.kind, k.fingerprint))
    return tuple(leaks), _sum([(label, scanned.coverage) for label, scanned in scans])


def _labelled(leak: Leak, label: str) -> Leak:
    places = tuple(_in(place, label) for place in leak.places)
    return leak.model_copy(update={"places": places})


def _in(place: Place, label: str) -> Place:
    inner = f"{label}/{place.repository}" if place.repository else label
    return place.model_copy(update={"repository": inner})


def _joined(one: Leak, other: Leak) -> Leak:
    return one.model_copy(
        update={
            "places": one.places + other.places,
            "places_total": one.places_total + other.places_total,
            "configured_as": one.configured_as or other.configured_as,
        }
    )


def _sum(coverages: Sequence[tuple[str, Coverage]]) -> Coverage:
    every = [coverage for _, coverage in coverages]
    return Coverage(
        rules=every[0].rules,
        objects=sum(c.objects for c in every),
        files=sum(c.files for c in every),
        repositories=sum(c.repositories for c in every),
        git=all(c.git for c in every),
        shallow=any(c.shallow for c in every),
        partial=any(c.partial for c in every),
        absent=sum(c.absent for c in every),
        absent_examples=tuple(one for c in every for one in c.absent_examples)[:_EXAMPLES],
        interrupted=any(c.interrupted for c in every),
        missed=tuple(
            Missed(where=f"{label}: {missed.where}", reason=missed.reason)
            for label, coverage in coverages
            for missed in coverage.missed
        ),
        missed_total=sum(c.missed_total for c in every),
    )
