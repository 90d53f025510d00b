"""What the exposure step reads: the repository, whole, without the network."""

from __future__ import annotations

import sqlite3
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Datum, Known, Unavailable
from helpers.exposure.cache import Cache
from helpers.exposure.configured import configured, variables
from helpers.exposure.guards import guards
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.memory import Memory, NoCache
from helpers.exposure.records import Configured, ExposureFacts
from helpers.exposure.repository import open_repository
from helpers.exposure.scan import Scanned, scan
from helpers.exposure.tally import Progress

__all__ = ["collect"]

_MOST_LEAKS: Final = 500  # told one by one


def collect(context: Context) -> ExposureFacts:
    """Search the repository for secrets; nothing in it is run, changed or sent anywhere."""
    credentials = list(context.settings.credentials())
    known = Known(tuple(configured(credentials)))
    try:
        engine = Kingfisher(
            all_rules=context.policy.exposure.rules == "all", credentials=credentials
        )
        scanned = scan(
            context.repo,
            engine,
            memory=_memory(context, engine.identity),
            configured=variables(credentials),
            observe=lambda progress: context.progress(_words(progress)),
        )
        found = guards(open_repository(context.repo))
    except RunbookError as error:
        missing = Unavailable(reason=error.message, call="git cat-file --batch-all-objects")
        return ExposureFacts(
            leaks=missing,
            leaks_total=missing,
            coverage=missing,
            configured=known,
            guards=missing,
        )
    return _facts(scanned, known, found)


def _facts(
    scanned: Scanned, known: Datum[tuple[Configured, ...]], found: tuple[str, ...]
) -> ExposureFacts:
    return ExposureFacts(
        leaks=Known(scanned.leaks[:_MOST_LEAKS]),
        leaks_total=Known(len(scanned.leaks)),
        coverage=Known(scanned.coverage),
        configured=known,
        guards=Known(found),
    )


def _memory(context: Context, identity: str) -> Memory:
    """The cache of this profile; where it can't be used, the scan takes longer, no more."""
    try:
        return Cache(context.state, identity)
    except (OSError, sqlite3.Error):
        return NoCache()


def _words(progress: Progress) -> str:
    megabytes = progress.done >> 20
    return f"{megabytes} MB searched, {progress.found} secrets"
