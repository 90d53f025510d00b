"""Advisories as OSV records: those delivered here, a team's own, or a downloaded dump.

The format is https://ossf.github.io/osv-schema/. One thing is ours: where a version was published
twice, `affected[].database_specific.runbook` tells the bad commit from the clean one, and lists
the SHA-256 of files that the malware leaves.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from helpers.core.errors import UsageError
from helpers.core.verdicts import Severity, Status
from helpers.dependencies.records import Ecosystem, PackagePin
from helpers.dependencies.versions import normal_name, normal_version, version_key

__all__ = ["Advisory", "AdvisoryIndex", "AffectedPackage", "delivered_advisories", "load_osv"]

_LARGEST_RECORD: Final = 16 << 20  # bytes
_MOST_RECORDS: Final = 1_000_000
_SEVERITIES: Final = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


@dataclass(frozen=True)
class AffectedPackage:
    """The bad versions of one package: listed, or as ranges of events."""

    ecosystem: Ecosystem
    name: str
    versions: frozenset[str]
    ranges: tuple[tuple[tuple[str, str], ...], ...]
    bad_references: tuple[str, ...] = ()
    clean_references: tuple[str, ...] = ()

    def status(self, pin: PackagePin) -> tuple[Status, str]:
        """Return FAIL, PASS, or MANUAL with the reason, for a pin of this package."""
        version = normal_version(self.ecosystem, pin.version)
        affected = version in self.versions or self._in_ranges(version)
        if affected is None:
            return Status.MANUAL, f"version {pin.version} can't be compared with the advisory"
        if not affected:
            return Status.PASS, ""
        return self._by_reference(pin) if self.bad_references else (Status.FAIL, "")

    def _by_reference(self, pin: PackagePin) -> tuple[Status, str]:
        if any(one.startswith(self.bad_references) for one in pin.references):
            return Status.FAIL, ""
        clean = [one.startswith(self.clean_references) for one in pin.references]
        if clean and all(clean):
            return Status.PASS, ""
        bad, good = ", ".join(self.bad_references), ", ".join(self.clean_references)
        reason = f"{pin.version} was published twice: commit {bad} is bad, {good} is clean"
        return Status.MANUAL, f"{reason}; this file names neither"

    def _in_ranges(self, version: str) -> bool | None:
        if not self.ranges:
            return False if self.versions else None
        verdicts = [self._in_range(version, events) for events in self.ranges]
        return True if True in verdicts else None if None in verdicts else False

    def _in_range(self, version: str, events: tuple[tuple[str, str], ...]) -> bool | None:
        if events == (("introduced", "0"),):
            return True
        key = version_key(self.ecosystem, version)
        bounds = [
            (None if at == "0" else version_key(self.ecosystem, at), at, what)
            for what, at in events
        ]
        if key is None or any(bound is None and at != "0" for bound, at, _ in bounds):
            return None
        inside = any(at == "0" and what == "introduced" for _, at, what in bounds)
        known = [(bound, what) for bound, _, what in bounds if bound is not None]
        for bound, what in sorted(known, key=lambda one: one[0]):
            if what == "introduced" and key >= bound:
                inside = True
            elif (what == "fixed" and key >= bound) or (what == "last_affected" and key > bound):
                inside = False
        return inside


@dataclass(frozen=True)
class Advisory:
    """One OSV record."""

    id: str
    summary: str
    severity: Severity
    affected: tuple[AffectedPackage, ...]
    file_hashes: tuple[str, ...] = ()  # SHA-256, in hex


@dataclass
class AdvisoryIndex:
    """Advisories by package and by file hash."""

    count: int = 0
    by_package: dict[tuple[Ecosystem, str], list[tuple[Advisory, AffectedPackage]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    by_hash: dict[str, Advisory] = field(default_factory=dict)

    @classmethod
    def of(cls, advisories: Iterable[Advisory]) -> AdvisoryIndex:
        """Index the advisories."""
        index = cls()
        for advisory in advisories:
            index.count += 1
            for one in advisory.affected:
                index.by_package[one.ecosystem, one.name].append((advisory, one))
            index.by_hash.update((digest, advisory) for digest in advisory.file_hashes)
        return index

    def matches(self, pin: PackagePin) -> Iterator[tuple[Advisory, Status, str]]:
        """Yield the advisories that a pin falls under, as FAIL or MANUAL with the reason."""
        key = (pin.ecosystem, normal_name(pin.ecosystem, pin.name))
        for advisory, affected in self.by_package.get(key, ()):
            status, reason = affected.status(pin)
            if status is not Status.PASS:
                yield advisory, status, reason


def delivered_advisories() -> Iterator[Advisory]:
    """Yield the advisories that come with the runbook."""
    for file in sorted(files(__package__).joinpath("advisories").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            yield from _advisories(file.read_bytes(), file.name)


def load_osv(path: Path) -> Iterator[Advisory]:
    """Yield the advisories of a JSON file or a ZIP of them.

    Raises UsageError where a record can't be read: one that is left out would look clean.
    """
    try:
        if not zipfile.is_zipfile(path):
            yield from _advisories(_bounded(path.read_bytes(), path.name), path.name)
            return
        with zipfile.ZipFile(path) as archive:
            yield from _members(archive, path.name)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise _unusable(path.name, str(error) or type(error).__name__) from None


def _members(archive: zipfile.ZipFile, name: str) -> Iterator[Advisory]:
    members = [one for one in archive.infolist() if one.filename.endswith(".json")]
    if not members or len(members) > _MOST_RECORDS:
        raise _unusable(name, f"{len(members)} JSON files in it")
    for member in members:
        with archive.open(member) as stream:
            data = _bounded(stream.read(_LARGEST_RECORD + 1), member.filename)
        yield from _advisories(data, f"{name}: {member.filename}")


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > _LARGEST_RECORD:
        raise _unusable(name, f"larger than {_LARGEST_RECORD >> 20} MiB")
    return data


def _advisories(data: bytes, name: str) -> Iterator[Advisory]:
    try:
        top = json.loads(data)
        records = top if isinstance(top, list) else [top]
        yield from [_advisory(record) for record in records if not record.get("withdrawn")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unusable(name, f"{type(error).__name__}") from None


def _unusable(name: str, why: str) -> UsageError:
    return UsageError(f"{name} is not an OSV record ({why}).", "Give OSV JSON, or a ZIP of it.")


def _advisory(record: Mapping[str, Any]) -> Advisory:
    name = str(record["id"])
    stated = (record.get("database_specific") or {}).get("severity")
    malware = name.startswith("MAL-")
    severity = Severity.CRITICAL if malware else _SEVERITIES.get(str(stated), Severity.HIGH)
    ours = (record.get("database_specific") or {}).get("runbook") or {}
    return Advisory(
        id=name,
        summary=str(record.get("summary") or "").strip()[:300],
        severity=severity,
        affected=tuple(_affected(record.get("affected") or ())),
        file_hashes=tuple(str(digest) for digest in ours.get("sha256", ())),
    )


def _affected(listed: Iterable[Mapping[str, Any]]) -> Iterator[AffectedPackage]:
    known = {ecosystem.value: ecosystem for ecosystem in Ecosystem}
    for one in listed:
        package = one.get("package") or {}
        ecosystem = known.get(str(package.get("ecosystem", "")).split(":")[0])
        if ecosystem is None:
            continue
        ours = (one.get("database_specific") or {}).get("runbook") or {}
        yield AffectedPackage(
            ecosystem=ecosystem,
            name=normal_name(ecosystem, str(package["name"])),
            versions=frozenset(normal_version(ecosystem, v) for v in one.get("versions") or ()),
            ranges=tuple(_ranges(one.get("ranges") or ())),
            bad_references=tuple(ours.get("bad_commits", ())),
            clean_references=tuple(ours.get("clean_commits", ())),
        )


def _ranges(listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], ...]]:
    for one in listed:
        if one["type"] != "GIT":  # commits: no lockfile is compared with them
            yield tuple((k, str(v)) for event in one["events"] for k, v in event.items())
