"""What the exposure step reads: the repository, whole, without the network."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from helpers.context import Context
from helpers.errors import RunbookError
from helpers.exposure.cache import Cache, Memory, NoCache
from helpers.exposure.guards import guards
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import Configured, ExposureFacts
from helpers.exposure.repository import open_repository
from helpers.exposure.scan import Scanned, scan
from helpers.exposure.shapes import canonical
from helpers.exposure.tally import Progress
from helpers.model import Datum, Known, Unavailable, fingerprint
from helpers.settings import Settings

__all__ = ["collect", "configured_fingerprints", "configured_secrets"]

_MOST_LEAKS: Final = 500  # told one by one


def collect(context: Context) -> ExposureFacts:
    """Search the repository for secrets; nothing in it is run, changed or sent anywhere."""
    configured = Known(tuple(configured_secrets(context.settings)))
    try:
        engine = Kingfisher(all_rules=context.policy.exposure.rules == "all")
        scanned = scan(
            context.repo,
            engine,
            memory=_memory(context, engine.identity),
            configured=configured_fingerprints(context.settings),
            observe=lambda progress: context.progress(_words(progress)),
        )
        found = guards(open_repository(context.repo))
    except RunbookError as error:
        missing = Unavailable(reason=error.message, call="git cat-file --batch-all-objects")
        return ExposureFacts(
            leaks=missing,
            leaks_total=missing,
            coverage=missing,
            configured=configured,
            guards=missing,
        )
    return _facts(scanned, configured, found)


def _facts(
    scanned: Scanned, configured: Datum[tuple[Configured, ...]], found: tuple[str, ...]
) -> ExposureFacts:
    return ExposureFacts(
        leaks=Known(scanned.leaks[:_MOST_LEAKS]),
        leaks_total=Known(len(scanned.leaks)),
        coverage=Known(scanned.coverage),
        configured=configured,
        guards=Known(found),
    )


def configured_fingerprints(settings: Settings) -> Mapping[str, str]:
    """The variables of the secrets in use, by the fingerprint under which a scan finds them."""
    names: dict[str, str] = {}
    for credential in settings.credentials():
        value = credential.value.get_secret_value()
        spelled = canonical(credential.kind, value) or value
        names.setdefault(fingerprint(credential.kind, spelled), credential.variable)
    return names


def configured_secrets(settings: Settings) -> list[Configured]:
    """The secrets in use, by variable and fingerprint."""
    kinds = {credential.variable: credential.kind for credential in settings.credentials()}
    return [
        Configured(variable=variable, kind=kinds[variable], fingerprint=mark)
        for mark, variable in configured_fingerprints(settings).items()
    ]


def _memory(context: Context, identity: str) -> Memory:
    """The cache of this profile; where it can't be used, the scan takes longer, no more."""
    try:
        return Cache(context.state, identity)
    except (OSError, sqlite3.Error):
        return NoCache()


def _words(progress: Progress) -> str:
    megabytes = progress.done >> 20
    return f"{megabytes} MB searched, {progress.found} secrets"
