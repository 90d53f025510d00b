"""Scan items in several threads and bounded memory, and keep the state of the scan.

The engine releases Python's lock while it matches, so two threads keep two cores busy. They receive
items in batches of about a megabyte, and only a few batches are in progress at any time.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from helpers.core.errors import RunbookError
from helpers.exposure.items import (
    Origin,
    OriginKind,
    ScanItem,
    ScanMatches,
    ScannedItem,
    ScanResult,
    SecretEngine,
    SecretMatch,
    printable,
)
from helpers.exposure.repository import Repository
from helpers.exposure.scan_index import EarlierScan, ScanIndex
from helpers.exposure.unpack import UnpackedPart, is_plain, unpack

if TYPE_CHECKING:
    from helpers.exposure.records import ScanCoverage

__all__ = ["ScanProgress", "ScanState", "absent_content", "scan_items"]

_BATCH_BYTES: Final = 1 << 20
_BATCH_ITEMS: Final = 512
_MOST_SKIPPED: Final = 200  # listed one by one; the total is reported as well
_EXAMPLES: Final = 5
_STEP_SECONDS: Final = 0.1

# Git LFS, https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LFS_START: Final = b"version https://git-lfs.github.com/spec/v1"
_LFS_POINTER: Final = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class ScanProgress:
    """How far a scan is, in bytes; `total` is what is known to lie ahead."""

    done: int
    total: int
    found: int


@dataclass
class ScanState:
    """The state of one scan. Setting `stop` ends it as Ctrl-C does."""

    engine: SecretEngine
    index: ScanIndex
    observe: Callable[[ScanProgress], None]
    stop: Event = field(default_factory=Event)
    objects: int = 0
    files: int = 0
    total: int = 0
    absent: list[str] = field(default_factory=list)  # objects that partial clones left behind
    interrupted: bool = False
    unlisted: str = ""  # why the objects of a repository could not be listed
    _done: int = 0
    _skipped: set[tuple[str, str]] = field(default_factory=set)
    _elsewhere: set[tuple[str, str]] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _reported_at: float = 0.0

    def scan(self, repository: Repository, items: Iterable[ScanItem], matches: ScanMatches) -> None:
        """Scan the items and record what is in them."""
        absent = partial(absent_content, common=repository.common)
        earlier = self._earlier
        if earlier:
            items = (replace(item, earlier=earlier.result(item)) for item in items)
        has_new = earlier.changes.has_new if earlier else _unknown
        for batch in scan_items(items, self.engine, absent, has_new):
            self.index.add(batch)
            for scanned in batch:
                self._done += len(scanned.item.data)
                self.record(repository, scanned.item.origin, scanned.result, matches)
            self._report_progress()

    @cached_property
    def _earlier(self) -> EarlierScan | None:
        return EarlierScan.of(self.index.store, self.engine)

    def counted(self, items: Iterable[ScanItem]) -> Iterator[ScanItem]:
        """Yield the items and count them."""
        for item in items:
            if item.whole and (item.cache_keys or not item.reason):
                self.count(item.origin.kind)
            self.total += len(item.data)
            yield item

    def count(self, kind: OriginKind) -> None:
        """Count a file of the project. Files of git's folder differ from machine to machine."""
        self.files += kind is OriginKind.FILE

    def reuse(
        self,
        repository: Repository,
        matches: ScanMatches,
        cache_keys: tuple[str, ...],
        origin: Origin,
    ) -> bool:
        """Record the known result for a file, if its first cache key has one.

        Returns whether it had. The other keys become aliases of the first.
        """
        known, *aliases = cache_keys
        if not self.index.has(known):
            return False
        for alias in aliases:
            self.index.add_alias(alias, known)
        self.count(origin.kind)
        self.record(repository, origin, self.index.result(known), matches)
        return True

    def record(
        self, repository: Repository, origin: Origin, result: ScanResult, matches: ScanMatches
    ) -> None:
        """Record the matches in an origin, and what in it could not be scanned."""
        if result.matches:
            matches.add(origin, result.matches)
            self._found.update(match.fingerprint for _, match in result.matches)
        if result.skipped:
            name = f"{repository.name}/{origin.name}" if repository.name else origin.name
            where = f"{origin.kind} {name}"
            for inner, reason in result.skipped:
                self.skip(f"{where}!{inner}" if inner else where, reason)

    def skip(self, where: str, reason: str) -> None:
        """Record something that was not scanned."""
        self._skipped.add((printable(where), reason))

    def leave_out(self, where: str, reason: str) -> None:
        """Record what the repository only points to, so that nothing of its own is missing."""
        self._elsewhere.add((printable(where), printable(reason)))

    @property
    def clean(self) -> bool:
        """True if everything was scanned and nothing was found."""
        return not (self._found or self._skipped or self.interrupted)

    def coverage(self, repositories: Sequence[Repository], *, history: bool = True) -> ScanCoverage:
        """Return what was scanned and what was not.

        Without `history`, missing parts of the history (a shallow clone) don't count.
        """
        from helpers.exposure.records import ScanCoverage, SkippedItem

        skipped, elsewhere = (
            [SkippedItem(where=where, reason=why) for where, why in sorted(listed)]
            for listed in (self._skipped, self._elsewhere)
        )
        return ScanCoverage(
            rules=self.engine.identity,
            objects=self.objects,
            files=self.files,
            repositories=len(repositories),
            git=bool(repositories) and repositories[0].git_dir is not None,
            shallow=history and any(r.shallow for r in repositories),
            partial=history and any(r.partial for r in repositories),
            absent=len(self.absent),
            absent_examples=tuple(self.absent[:_EXAMPLES]),
            interrupted=self.interrupted,
            missed=tuple(skipped[:_MOST_SKIPPED]),
            missed_total=len(skipped),
            elsewhere=tuple(elsewhere[:_MOST_SKIPPED]),
            elsewhere_total=len(elsewhere),
            unlisted=self.unlisted,
        )

    def _report_progress(self) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        now = time.monotonic()
        if now - self._reported_at > _STEP_SECONDS:
            self._reported_at = now
            self.observe(ScanProgress(self._done, self.total, len(self._found)))


def _unknown(_data: bytes, _path: str) -> bool:
    return True


def scan_items(
    items: Iterable[ScanItem],
    engine: SecretEngine,
    absent: Callable[[bytes], str],
    has_new: Callable[[bytes, str], bool] = _unknown,
) -> Iterator[list[ScannedItem]]:
    """Scan every item. `absent` says why content that the bytes point to can't be scanned.

    An item's earlier result stands if `has_new` returns False for all of its parts.
    """
    threads = max(2, min(8, os.cpu_count() or 2))  # while one prepares, the other matches
    in_progress: deque[Future[list[ScannedItem]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="scan") as pool:
        try:
            for batch in _batches(items):
                in_progress.append(pool.submit(_scan_batch, batch, engine, absent, has_new))
                if len(in_progress) > threads + 1:
                    yield in_progress.popleft().result()
            while in_progress:
                yield in_progress.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _batches(items: Iterable[ScanItem]) -> Iterator[list[ScanItem]]:
    batch: list[ScanItem] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.data)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _scan_batch(
    batch: list[ScanItem],
    engine: SecretEngine,
    absent: Callable[[bytes], str],
    has_new: Callable[[bytes, str], bool],
) -> list[ScannedItem]:
    return [_stands(item, absent, has_new) or _scan_item(item, engine, absent) for item in batch]


def _stands(
    item: ScanItem, absent: Callable[[bytes], str], has_new: Callable[[bytes, str], bool]
) -> ScannedItem | None:
    """Return the item with its earlier result, if no new secret in use is in it."""
    if item.earlier is None or absent(item.data):
        return None
    try:
        if any(has_new(part.data, item.path) for part in _parts(item)):
            return None
    except Exception:  # noqa: BLE001 (the scan that follows reports what is wrong)
        return None
    return ScannedItem(item, item.earlier)


def _scan_item(item: ScanItem, engine: SecretEngine, absent: Callable[[bytes], str]) -> ScannedItem:
    if item.reason:
        result = ScanResult(skipped=(("", item.reason),))
        return ScannedItem(item, result, cacheable=bool(item.cache_keys))
    matches: list[tuple[str, SecretMatch]] = []
    skipped: list[tuple[str, str]] = []
    failures = [("", why)] if (why := absent(item.data)) else []
    try:
        for part in _parts(item):
            if part.reason:
                skipped.append((part.inner, part.reason))
                continue
            path = f"{item.path}!{part.inner}" if part.inner else item.path
            try:
                found = engine.scan(part.data, path)
            except TimeoutError:
                failures.append((part.inner, "it took too long to search"))
            else:
                matches.extend((part.inner, _in_item(match, item)) for match in found)
    except RunbookError:
        raise
    except Exception as error:  # noqa: BLE001 (one failure must not hide the other items)
        failures.append(("", f"it could not be searched ({type(error).__name__})"))
    result = ScanResult(tuple(matches), (*skipped, *failures))
    return ScannedItem(item, result, cacheable=not failures)


def _parts(item: ScanItem) -> Iterable[UnpackedPart]:
    if item.whole and not is_plain(item.data):
        return unpack(item.path, item.data)
    return (UnpackedPart("", item.data),)


def _in_item(match: SecretMatch, item: ScanItem) -> SecretMatch:
    """Count the lines of a piece from the start of its object."""
    if not item.first_line:
        return match
    return replace(match, line=match.line + item.first_line)


def absent_content(data: bytes, common: Path | None) -> str:
    """Return why the content of a Git LFS pointer can't be scanned.

    Empty if the bytes are no pointer, or if the content is here: then it is in `lfs/objects`
    below git's folder and is scanned there like any file.
    """
    if not data.startswith(_LFS_START):
        return ""
    match = _LFS_POINTER.search(data[:1024])
    if match is None or common is None:
        return ""
    oid = match[1].decode()
    if (common / "lfs" / "objects" / oid[:2] / oid[2:4] / oid).is_file():
        return ""
    return "an LFS pointer whose content is not in this clone (`git lfs fetch --all`)"
