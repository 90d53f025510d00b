"""Scan repositories for secrets, and judge the result as the audit does.

request ─▶ scan each repository ─▶ merge the leaks ─▶ (ask Intercom) ─▶ judge ─▶ waivers
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, Literal

from helpers.core import catalog
from helpers.core.judge import judge
from helpers.core.model import Cause, Finding, Known, Report, Snapshot, StepResult, Unavailable
from helpers.core.policy import Policy
from helpers.core.settings import Profile, Trust, state_home
from helpers.core.waivers import apply_waivers, load_repository_waivers, load_waivers
from helpers.exposure.cache import ScanCache
from helpers.exposure.configured import configured_secrets, variables_by_fingerprint
from helpers.exposure.items import ScanMatches, SecretEngine, SecretMatch
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.locator import Locator, locate, merge_leaks
from helpers.exposure.records import (
    ExposureFacts,
    LeakedSecret,
    Place,
    ScanCoverage,
    SkippedItem,
    known_leaks,
)
from helpers.exposure.repository import Repository
from helpers.exposure.scan_index import CacheStore, NoCache, ScanIndex
from helpers.exposure.scan_items import ScanProgress, ScanState
from helpers.exposure.search import ScanScope, SearchedRepository, open_in_scope, search
from helpers.system.git import top_level
from helpers.system.provenance import text_on_default_branch

if TYPE_CHECKING:
    from pydantic import SecretStr

    from helpers.core.settings import Credential, Settings
    from helpers.exposure.search import ScanRequest
    from helpers.intercom.client import Client

__all__ = ["JudgedScan", "RepositoryScan", "open_cache", "scan", "scan_all"]

_WHOLE: Final = ScanScope()
_EXAMPLES: Final = 5
_AUDIT_ONLY: Final = "EXP-006"  # whether a scanner runs before each commit


@dataclass(frozen=True)
class RepositoryScan:
    """The result of a scan. An interrupted scan holds what it had found until then."""

    leaks: tuple[LeakedSecret, ...]
    coverage: ScanCoverage
    sources: tuple[tuple[Repository, ScanMatches], ...] = field(repr=False, default=())


@dataclass(frozen=True)
class JudgedScan:
    """The judged report of one or more scans, and the facts behind it."""

    report: Report
    leaks: tuple[LeakedSecret, ...]
    coverage: ScanCoverage


def scan(
    path: Path,
    engine: SecretEngine,
    *,
    scope: ScanScope = _WHOLE,
    cache: CacheStore | None = None,
    configured: Mapping[str, str] | None = None,
    observe: Callable[[ScanProgress], None] = lambda _: None,
    stop: Event | None = None,
) -> RepositoryScan:
    """Search a repository, or a folder, and everything below it.

    `configured` names the variables of the secrets in use, by fingerprint. Ctrl-C, or setting
    `stop`, ends the search; the result then holds what was found until then. Raises UsageError if
    there is no such folder, CollectionError if git can't read the repository.
    """
    cache = cache or NoCache()
    try:
        state = ScanState(engine, ScanIndex(cache), observe, stop or Event())
        sources = _search_until_stopped(open_in_scope(path, scope), scope, state)
        places = [_placed(source, state) for source in sources]
    finally:
        cache.close()
    return RepositoryScan(
        leaks=merge_leaks(places, configured or {}),
        coverage=state.coverage([s.repository for s in sources], history=not scope.staged),
        sources=tuple((source.repository, source.matches) for source in sources),
    )


def _placed(source: SearchedRepository, state: ScanState) -> Mapping[SecretMatch, list[Place]]:
    """Work out the places. After Ctrl-C, each secret is at least reported with its object."""
    locator = Locator(source.repository, source.matches.by_origin, source.history, state.skip)
    try:
        if not state.interrupted or source.repository.common is None:
            return locate(source.matches, locator.places)
    except KeyboardInterrupt:
        state.interrupted = True
    return locate(source.matches, locator.names)


def _search_until_stopped(
    top: Repository, scope: ScanScope, state: ScanState
) -> list[SearchedRepository]:
    sources: list[SearchedRepository] = []
    try:
        for source in search(top, scope, state):
            sources.append(source)  # noqa: PERF402 (Ctrl-C must keep what is in the list)
    except KeyboardInterrupt:
        state.interrupted = True
    return sources


def open_cache(folder: Path, identity: str) -> CacheStore:
    """Open the cache of a profile. Without a usable one the scan takes longer, nothing else."""
    try:
        return ScanCache(folder, identity)
    except (OSError, sqlite3.Error):
        return NoCache()


def scan_all(request: ScanRequest, observe: Callable[[ScanProgress], None]) -> JudgedScan:
    """Scan and judge every path. Raises CollectionError if git can't read one."""
    credentials = request.credentials()
    engine = Kingfisher(all_rules=request.all_rules, credentials=credentials)
    stop = Event()

    def scan_path(path: Path) -> RepositoryScan:
        return scan(
            path,
            engine,
            scope=request.scope,
            cache=_cache(request, engine.identity),
            configured=variables_by_fingerprint(credentials),
            observe=observe,
            stop=stop,
        )

    scans = _scan_each(scan_path, request, stop)
    leaks, coverage = _combined([(str(p), s) for p, s in zip(request.paths, scans, strict=True)])
    if request.verify:
        from helpers.exposure.verify import verify_leaks

        sources = [source for one in scans for source in one.sources]
        leaks = verify_leaks(leaks, sources, engine, _connector(next(request.settings())))
    return JudgedScan(_judged(request, credentials, leaks, coverage), leaks, coverage)


def _scan_each(
    scan_path: Callable[[Path], RepositoryScan], request: ScanRequest, stop: Event
) -> list[RepositoryScan]:
    """Scan one path in this thread, several in parallel. Ctrl-C stops all, and each reports."""
    if len(request.paths) == 1:
        return [scan_path(request.paths[0])]
    with ThreadPoolExecutor(request.jobs) as pool:
        scans = [pool.submit(scan_path, path) for path in request.paths]
        try:
            wait(scans)
        except KeyboardInterrupt:
            stop.set()
        return [one.result() for one in scans]


def _cache(request: ScanRequest, identity: str) -> CacheStore:
    """Open the cache, except for a staged scan, which is faster without."""
    if not request.cache or request.scope.staged:
        return NoCache()
    chosen = request.chosen.workspace if request.chosen else Profile.DEVELOPMENT.value
    return open_cache(state_home(chosen), identity)


def _combined(
    scans: Sequence[tuple[str, RepositoryScan]],
) -> tuple[tuple[LeakedSecret, ...], ScanCoverage]:
    """Merge the scans: a secret in two repositories is one leak with both places.

    If there are several scans, each place names its repository.
    """
    if len(scans) == 1:
        return scans[0][1].leaks, scans[0][1].coverage
    by_fingerprint: dict[str, LeakedSecret] = {}
    for label, one in scans:
        for leak in one.leaks:
            here = _labelled(leak, label)
            known = by_fingerprint.get(leak.fingerprint)
            by_fingerprint[leak.fingerprint] = _joined(known, here) if known else here
    leaks = sorted(by_fingerprint.values(), key=lambda k: (not k.intercom, k.kind, k.fingerprint))
    return tuple(leaks), _total([(label, one.coverage) for label, one in scans])


def _labelled(leak: LeakedSecret, label: str) -> LeakedSecret:
    places = tuple(_in(place, label) for place in leak.places)
    return leak.model_copy(update={"places": places})


def _in(place: Place, label: str) -> Place:
    inner = f"{label}/{place.repository}" if place.repository else label
    return place.model_copy(update={"repository": inner})


def _joined(one: LeakedSecret, other: LeakedSecret) -> LeakedSecret:
    return one.model_copy(
        update={
            "places": one.places + other.places,
            "places_total": one.places_total + other.places_total,
            "configured_as": one.configured_as or other.configured_as,
        }
    )


def _total(coverages: Sequence[tuple[str, ScanCoverage]]) -> ScanCoverage:
    every = [coverage for _, coverage in coverages]
    return ScanCoverage(
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
        missed=_listed(coverages, "missed"),
        missed_total=sum(c.missed_total for c in every),
        elsewhere=_listed(coverages, "elsewhere"),
        elsewhere_total=sum(c.elsewhere_total for c in every),
        unlisted=next((c.unlisted for c in every if c.unlisted), ""),
    )


def _listed(
    coverages: Sequence[tuple[str, ScanCoverage]], name: Literal["missed", "elsewhere"]
) -> tuple[SkippedItem, ...]:
    return tuple(
        SkippedItem(where=f"{label}: {skipped.where}", reason=skipped.reason)
        for label, coverage in coverages
        for skipped in getattr(coverage, name)
    )


def _connector(settings: Settings) -> Callable[[SecretStr], Iterator[Client]]:
    """Return what opens a client for the configured host, or for each of Intercom's hosts.

    A repository that is searched does not choose the host: tokens of others would go there too.
    """
    from helpers.intercom.client import Client
    from helpers.intercom.regions import HOSTS, base_url

    names = ("INTERCOM_BASE_URL", "INTERCOM_REGION")
    chosen = [name for name in names if settings.text(name)]
    trusted = all(settings.trust_of(name) > Trust.REPOSITORY for name in chosen)
    hosts = (base_url(settings),) if chosen and trusted else tuple(HOSTS.values())

    def connect(token: SecretStr) -> Iterator[Client]:
        for host in hosts:
            yield Client(token, host)

    return connect


def _judged(
    request: ScanRequest,
    credentials: Sequence[Credential],
    leaks: tuple[LeakedSecret, ...],
    coverage: ScanCoverage,
) -> Report:
    now = datetime.now(UTC).replace(microsecond=0)
    profile = request.chosen.name if request.chosen else Profile.DEVELOPMENT.value
    facts = ExposureFacts(
        leaks=known_leaks(leaks, coverage),
        leaks_total=Known(len(leaks)),
        coverage=Known(coverage),
        configured=Known(tuple(configured_secrets(credentials))),
        guards=Unavailable(reason="Only the audit checks this.", call="", cause=Cause.OFF),
    )
    snapshot = Snapshot(step="exposure", profile=profile, taken_at=now, facts=facts)
    checks = [c for c in catalog.load("exposure") if c.id != _AUDIT_ONLY]
    # a scan lists every secret: its tables are short, and its JSON and SARIF are asked for
    findings = judge(snapshot, checks, Policy(), now, most=len(leaks) + 1)
    return Report(
        tool_version=_version(),
        profile=profile,
        generated_at=now,
        steps=(StepResult(step="exposure", title="Secret exposure", completed=True),),
        findings=_waived(request, findings, now),
    )


def _waived(
    request: ScanRequest, findings: Sequence[Finding], now: datetime
) -> tuple[Finding, ...]:
    """Apply the named `waivers.toml`, or that of the first repository."""
    first = request.paths[0]
    default = (top_level(first) or first) / "waivers.toml"
    if request.waivers:
        waivers = load_waivers(request.waivers)
    elif default.is_file():
        waivers = load_repository_waivers(default, text_on_default_branch(default))
    else:
        return tuple(findings)
    name = request.chosen.name if request.chosen else ""
    own = [waiver for waiver in waivers if waiver.is_of(name)]
    return apply_waivers(findings, own, catalog.load(), Policy().waivers, now)[0]


def _version() -> str:
    from importlib.metadata import version

    return version("intercom-security-runbook")
