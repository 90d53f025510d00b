"""A search for secrets outside an audit: many repositories at once, judged as the audit judges.

request ─▶ scan each ─▶ one list of leaks ─▶ (ask Intercom) ─▶ judge ─▶ waivers ─▶ Report
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from helpers.core import catalog
from helpers.core.judge import judge
from helpers.core.model import Cause, Finding, Known, Report, Snapshot, StepResult, Unavailable
from helpers.core.policy import Policy
from helpers.core.settings import Profile, state_home
from helpers.core.waivers import apply_waivers, load_waivers
from helpers.exposure.cache import Cache
from helpers.exposure.combine import combined
from helpers.exposure.configured import configured, variables
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.memory import Memory, NoCache
from helpers.exposure.records import Coverage, ExposureFacts, Leak
from helpers.exposure.scan import Scanned, scan
from helpers.exposure.tally import Progress

if TYPE_CHECKING:
    from helpers.core.settings import Credential, Settings
    from helpers.exposure.scan_request import ScanRequest
    from helpers.intercom.client import Client

__all__ = ["ScanResult", "scan_all"]

_LEFT_TO_THE_AUDIT: Final = "EXP-006"  # whether a scanner guards the commits


@dataclass(frozen=True)
class ScanResult:
    """The judged report, and what it was judged on."""

    report: Report
    leaks: tuple[Leak, ...]
    coverage: Coverage


def scan_all(request: ScanRequest, observe: Callable[[Progress], None]) -> ScanResult:
    """Search every path. Raises CollectionError where git can't read one."""
    credentials = request.credentials()
    engine = Kingfisher(all_rules=request.all_rules, credentials=credentials)
    stop = Event()

    def search(path: Path) -> Scanned:
        return scan(
            path,
            engine,
            scope=request.scope,
            memory=_memory(request, engine.identity),
            configured=variables(credentials),
            observe=observe,
            stop=stop,
        )

    scans = _each(search, request, stop)
    leaks, coverage = combined([(str(p), s) for p, s in zip(request.paths, scans, strict=True)])
    if request.verify:
        from helpers.exposure.verify import verified

        sources = [source for scanned in scans for source in scanned.sources]
        leaks = verified(leaks, sources, engine, _connector(next(request.settings())))
    return ScanResult(_judged(request, credentials, leaks, coverage), leaks, coverage)


def _each(search: Callable[[Path], Scanned], request: ScanRequest, stop: Event) -> list[Scanned]:
    """One path in this thread; several side by side. Ctrl-C ends them all, and each tells."""
    if len(request.paths) == 1:
        return [search(request.paths[0])]
    with ThreadPoolExecutor(request.jobs) as pool:
        searches = [pool.submit(search, path) for path in request.paths]
        try:
            wait(searches)
        except KeyboardInterrupt:
            stop.set()
        return [one.result() for one in searches]


def _memory(request: ScanRequest, identity: str) -> Memory:
    """The cache; a staged scan is quicker without, and one that can't be used costs time alone."""
    if not request.cache or request.scope.staged:
        return NoCache()
    try:
        return Cache(state_home(request.profile or Profile.DEVELOPMENT), identity)
    except (OSError, sqlite3.Error):
        return NoCache()


def _connector(settings: Settings) -> Callable[[SecretStr], Iterator[Client]]:
    """One client for the host that is configured, or for each of Intercom's."""
    from helpers.intercom.client import Client
    from helpers.intercom.regions import HOSTS, base_url

    told = settings.text("INTERCOM_BASE_URL") or settings.text("INTERCOM_REGION")
    hosts = (base_url(settings),) if told else tuple(HOSTS.values())

    def connect(token: SecretStr) -> Iterator[Client]:
        for host in hosts:
            yield Client(token, host)

    return connect


def _judged(
    request: ScanRequest,
    credentials: Sequence[Credential],
    leaks: tuple[Leak, ...],
    coverage: Coverage,
) -> Report:
    now = datetime.now(UTC).replace(microsecond=0)
    profile = request.profile or Profile.DEVELOPMENT
    facts = ExposureFacts(
        leaks=Known(leaks),
        leaks_total=Known(len(leaks)),
        coverage=Known(coverage),
        configured=Known(tuple(configured(credentials))),
        guards=Unavailable(reason="The audit asks this.", call="", cause=Cause.OFF),
    )
    snapshot = Snapshot(step="exposure", profile=profile, taken_at=now, facts=facts)
    checks = [c for c in catalog.load("exposure") if c.id != _LEFT_TO_THE_AUDIT]
    return Report(
        tool_version=_version(),
        profile=profile,
        generated_at=now,
        steps=(StepResult(step="exposure", title="Secret exposure", completed=True),),
        findings=_waived(request, judge(snapshot, checks, Policy(), now), now),
    )


def _waived(
    request: ScanRequest, findings: Sequence[Finding], now: datetime
) -> tuple[Finding, ...]:
    """With the notes of `waivers.toml`: the one named, else that of the first repository."""
    default = request.paths[0] / "waivers.toml"
    path = request.waivers or (default if default.is_file() else None)
    if path is None:
        return tuple(findings)
    known = {check.id for check in catalog.load()}
    return apply_waivers(findings, load_waivers(path), known, now)[0]


def _version() -> str:
    from importlib.metadata import version

    return version("intercom-security-runbook")
