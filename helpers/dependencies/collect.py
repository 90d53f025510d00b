"""What the dependencies step reads: every lockfile of the repository, without the network."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Datum, Known, Partial, Unavailable
from helpers.dependencies.osv import AdvisoryIndex, delivered_advisories
from helpers.dependencies.records import BadRelease, DependencyFacts, DependencySearch
from helpers.dependencies.search import search_repositories

__all__ = ["collect"]

_CALL = "git cat-file --batch"


def collect(context: Context) -> DependencyFacts:
    """Search the repository for known-bad releases; nothing in it is run or changed."""
    try:
        index = AdvisoryIndex.of(delivered_advisories())
        found = search_repositories([context.repo], index)
    except RunbookError as error:
        missing = Unavailable(reason=error.message, call=_CALL)
        return DependencyFacts(
            releases=missing,
            malware_files=missing,
            unread=missing,
            lockfiles=missing,
            advisories=missing,
        )
    return DependencyFacts(
        releases=_read([one for one in found.releases if not one.is_file], found),
        malware_files=_read([one for one in found.releases if one.is_file], found),
        unread=Known(found.unread),
        lockfiles=Known(found.lockfiles),
        advisories=Known(found.advisories),
    )


def _read(releases: Sequence[BadRelease], found: DependencySearch) -> Datum[tuple[BadRelease, ...]]:
    if not found.unread:
        return Known(tuple(releases))
    first = found.unread[0]
    more = f" and {len(found.unread) - 1} more" if len(found.unread) > 1 else ""
    named = first.name or first.repository
    return Partial(tuple(releases), f"{named}{more} not read: {first.reason}", _CALL)
