"""How bad a leak is: by what the secret opens, where it lies, and whether it still works."""

from __future__ import annotations

from helpers.core.model import Evidence, FilePlace, Resource, Severity
from helpers.exposure.records import Leak, Liveness, Place, PlaceKind

__all__ = ["at_home", "evidence", "resource", "severity"]

_IN_FILES = frozenset(
    {
        PlaceKind.HISTORY,
        PlaceKind.INDEX,
        PlaceKind.TRACKED,
        PlaceKind.UNTRACKED,
        PlaceKind.IGNORED,
    }
)
_TOLD = 8  # places in a finding; the facts hold more


def at_home(place: Place) -> bool:
    """An env file that git ignores: where a secret on this machine belongs."""
    name = place.path.rpartition("/")[2]
    is_env = name == ".env" or name.startswith(".env.")
    return place.kind is PlaceKind.IGNORED and is_env and not place.inner


def severity(leak: Leak) -> Severity:
    """Critical where a stranger may use it now; low where it opens nothing any more."""
    if leak.liveness is Liveness.REVOKED or leak.kind == "mobile_sdk_key":
        return Severity.LOW
    if leak.liveness is Liveness.LIVE or leak.configured_as:
        return Severity.CRITICAL if leak.committed else Severity.HIGH
    if not leak.committed or leak.kind == "legacy_api_key":
        return Severity.MEDIUM
    return Severity.CRITICAL if leak.at_head and leak.on_remote else Severity.HIGH


def resource(leak: Leak) -> Resource:
    """The secret by its fingerprint: a waiver for it outlives a rebase, and hides no other one."""
    return Resource(
        kind="secret", key=leak.fingerprint, name=f"{leak.title} {leak.fingerprint} {leak.shape}"
    )


def evidence(leak: Leak) -> tuple[Evidence, ...]:
    """The first places, each with what is known of it."""
    places = [place for place in leak.places if not at_home(place)]
    told = tuple(_told(place) for place in places[:_TOLD])
    more = leak.places_total - (len(leak.places) - len(places)) - len(told)
    return (*told, Evidence(what=f"and {more} more places")) if more > 0 else told


def _told(place: Place) -> Evidence:
    where = f"{place.where}:{place.line}" if place.line else place.where
    what = ", ".join((str(place.kind), *_past(place)))
    return Evidence(what=what, where=where, place=_file(place))


def _file(place: Place) -> FilePlace | None:
    """The file itself: a line inside an archive or a notebook's cell is none of the file's own."""
    if place.kind not in _IN_FILES:
        return None
    path = f"{place.repository}/{place.path}" if place.repository else place.path
    return FilePlace(path=path, line=0 if place.inner else place.line, commit=place.commit)


def _past(place: Place) -> list[str]:
    said = []
    if place.commit:
        said.append(f"commit {place.commit[:12]}")
    if place.author:
        said.append(f"by {place.author}")
    if place.first:
        said.append(f"since {place.first:%Y-%m-%d}")
    if place.gone:
        said.append(f"removed {place.gone:%Y-%m-%d}")
    if not place.reachable:
        said.append("no branch reaches it")
    if place.on_remote:
        said.append("on the remote")
    return said
