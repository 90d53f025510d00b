"""One leak per secret: every place where the same fingerprint was seen, told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from helpers.exposure.engine import Sighting
from helpers.exposure.records import Leak, Place, PlaceKind

__all__ = ["MOST_PLACES", "merged"]

MOST_PLACES: Final = 40  # that a leak tells; the number of all is told beside them
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_BESIDE: Final = frozenset({PlaceKind.TRACKED, PlaceKind.INDEX})


def merged(
    found: Iterable[Mapping[Sighting, list[Place]]], configured: Mapping[str, str]
) -> tuple[Leak, ...]:
    """The leaks of all repositories, most places first told; by kind and fingerprint."""
    places: dict[str, list[Place]] = defaultdict(list)
    names: dict[str, Sighting] = {}
    for by_sighting in found:
        for sighting, where in by_sighting.items():
            places[sighting.fingerprint].extend(where)
            names[sighting.fingerprint] = sighting
    leaks = (_leak(names[f], where, configured.get(f, "")) for f, where in places.items())
    return tuple(sorted(leaks, key=lambda leak: (not leak.intercom, leak.kind, leak.fingerprint)))


def _leak(sighting: Sighting, places: list[Place], configured: str) -> Leak:
    distinct = _without_doubles(_one_per_path(places))
    return Leak(
        fingerprint=sighting.fingerprint,
        kind=sighting.kind,
        title=sighting.title,
        shape=sighting.shape,
        places=tuple(distinct[:MOST_PLACES]),
        places_total=len(distinct),
        configured_as=configured,
    )


def _one_per_path(places: list[Place]) -> list[Place]:
    groups: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for place in places:
        groups[(place.kind, place.repository, place.path, place.inner)].append(place)
    return sorted(map(_union, groups.values()), key=_order)


def _union(versions: list[Place]) -> Place:
    """One path through time: came with the first version, went with the last."""
    versions = sorted(versions, key=lambda p: (p.first or _NEVER, p.commit, p.line))
    first, last = versions[0], max(versions, key=lambda p: (p.at_head, p.first or _NEVER, p.commit))
    there = any(p.gone is None for p in versions)
    end = None if there else max(versions, key=lambda p: (p.gone or _NEVER, p.gone_commit))
    return first.model_copy(
        update={
            "line": last.line,
            "gone": end.gone if end else None,
            "gone_commit": end.gone_commit if end else "",
            "versions": len({p.commit for p in versions}),
            "at_head": any(p.at_head for p in versions),
            "reachable": any(p.reachable for p in versions),
            "on_remote": any(p.on_remote for p in versions),
        }
    )


def _without_doubles(places: list[Place]) -> list[Place]:
    """A tracked file that is as committed is told as its place in the history alone."""
    head = {(p.repository, p.path, p.inner) for p in places if p.at_head}
    return [
        p for p in places if p.kind not in _BESIDE or (p.repository, p.path, p.inner) not in head
    ]


def _order(place: Place) -> tuple[object, ...]:
    kinds = list(PlaceKind)
    return (
        not place.at_head,
        kinds.index(place.kind),
        place.repository,
        place.path,
        place.inner,
        place.line,
    )
