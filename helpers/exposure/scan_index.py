"""What a scan already knows, from the cache and from what it has scanned itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from helpers.exposure.items import (
    EMPTY_RESULT,
    EngineChanges,
    ScanItem,
    ScannedItem,
    ScanResult,
    SecretEngine,
)

__all__ = ["CacheStore", "EarlierScan", "NoCache", "ScanIndex"]

_CLASS: Final = 4  # hex digits of the path class, at the end of an object's cache key
_FILE_KEY: Final = 40  # hex digits; the keys of objects are longer


class CacheStore(Protocol):
    """Where results are kept from one scan to the next."""

    def keys(self) -> set[str]:
        """Return the cache keys of everything that was scanned."""

    def results(self) -> dict[str, ScanResult]:
        """Return the results that are not empty, by cache key."""

    def others(self) -> Sequence[str]:
        """Return the identities of other engines with results, the last used first."""

    def result_of(self, identity: str, cache_key: str) -> ScanResult | None:
        """Return another engine's result; None if it has none for this key."""

    def store(self, cache_key: str, result: ScanResult) -> None:
        """Keep a result."""

    def flush_if_due(self) -> None:
        """Write pending results if it is time."""

    def note(self, place: str) -> str:
        """Return the note about a place; empty if there is none."""

    def write_note(self, place: str, note: str) -> None:
        """Keep a note about a place, replacing the one before."""

    def close(self) -> None:
        """Write pending results and close the store."""


class NoCache:
    """A store that keeps nothing."""

    def keys(self) -> set[str]:
        """Return nothing."""
        return set()

    def results(self) -> dict[str, ScanResult]:
        """Return nothing."""
        return {}

    def others(self) -> Sequence[str]:
        """Return nothing."""
        return ()

    def result_of(self, identity: str, cache_key: str) -> ScanResult | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def store(self, cache_key: str, result: ScanResult) -> None:
        """Discard the result."""

    def flush_if_due(self) -> None:
        """Do nothing: no result is pending."""

    def note(self, place: str) -> str:  # noqa: ARG002 (the protocol's signature)
        """Return nothing."""
        return ""

    def write_note(self, place: str, note: str) -> None:
        """Discard the note."""

    def close(self) -> None:
        """Do nothing: no result is pending."""


@dataclass(frozen=True)
class EarlierScan:
    """The results of the same rules with other secrets in use.

    They stand except where a secret was found that is no longer in use, or a new one is there. So
    a new secret costs a search for its bytes, and not another scan with every rule.
    """

    store: CacheStore
    identity: str
    changes: EngineChanges

    @classmethod
    def of(cls, store: CacheStore, engine: SecretEngine) -> EarlierScan | None:
        """Return the last one; None if there is none."""
        for identity in store.others():
            if changes := engine.changes_since(identity):
                return cls(store, identity, changes)
        return None

    def result(self, item: ScanItem) -> ScanResult | None:
        """Return the earlier result for an item; None if there is none that stands."""
        if item.reason or not item.whole:
            return None
        known = (self.store.result_of(self.identity, key) for key in item.cache_keys)
        result = next((one for one in known if one is not None), None)
        if result and any(match.fingerprint in self.changes.gone for _, match in result.matches):
            return None
        return result


class ScanIndex:
    """The results by cache key and by object, so that nothing is scanned twice."""

    def __init__(self, store: CacheStore) -> None:
        self.store = store
        self._pieces: defaultdict[tuple[str, ...], list[tuple[ScanResult, bool]]] = defaultdict(
            list
        )

    # Loaded on first use: git lists the objects meanwhile.

    @cached_property
    def _keys(self) -> set[str]:
        return self.store.keys()

    @cached_property
    def _objects(self) -> set[str]:
        return {key[:-_CLASS] for key in self._keys if len(key) > _FILE_KEY}

    @cached_property
    def _results(self) -> dict[str, ScanResult]:
        return self.store.results()

    @cached_property
    def _by_object(self) -> defaultdict[str, list[ScanResult]]:
        found = defaultdict(list)
        for key, result in self._results.items():
            if len(key) > _FILE_KEY:
                found[key[:-_CLASS]].append(result)
        return found

    def has(self, cache_key: str) -> bool:
        """Return whether these bytes were scanned at a path of this class."""
        return cache_key in self._keys

    def seen_object(self, oid: str) -> bool:
        """Return whether an object was scanned at any path."""
        return oid in self._objects

    def result(self, cache_key: str) -> ScanResult:
        """Return the result for a known cache key."""
        return self._results.get(cache_key, EMPTY_RESULT)

    def object_results(self, oid: str) -> Iterable[ScanResult]:
        """Return the results for a known object, one for each class of its paths."""
        return self._by_object.get(oid, ())

    def add_alias(self, cache_key: str, known: str) -> None:
        """Record another cache key for known bytes."""
        self._add(cache_key, self.result(known))

    def add(self, batch: Iterable[ScannedItem]) -> None:
        """Record the results that the same bytes would give again."""
        for scanned in filter(None, map(self._joined, batch)):
            if scanned.cacheable:
                for key in scanned.item.cache_keys:
                    self._add(key, scanned.result)
        self.store.flush_if_due()

    def _add(self, cache_key: str, result: ScanResult) -> None:
        is_object = len(cache_key) > _FILE_KEY
        if is_object:
            self._objects.add(cache_key[:-_CLASS])
        if result != EMPTY_RESULT:
            if is_object:
                self._by_object[cache_key[:-_CLASS]].append(result)
            self._results[cache_key] = result
        self._keys.add(cache_key)
        self.store.store(cache_key, result)

    def _joined(self, scanned: ScannedItem) -> ScannedItem | None:
        """Join the pieces of a large object, without their bytes; None until the last piece."""
        keys = scanned.item.cache_keys
        if not scanned.item.whole:
            self._pieces[keys].append((scanned.result, scanned.cacheable))
            return None
        if keys not in self._pieces:
            return scanned
        pieces = [*self._pieces.pop(keys), (scanned.result, scanned.cacheable)]
        matches = tuple(match for result, _ in pieces for match in result.matches)
        skipped = tuple(reason for result, _ in pieces for reason in result.skipped)
        cacheable = all(cacheable for _, cacheable in pieces)
        return ScannedItem(scanned.item, ScanResult(matches, skipped), cacheable=cacheable)
