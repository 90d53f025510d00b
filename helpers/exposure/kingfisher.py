"""The engine: kingfisher's SDK (Rust, in process, offline), with our rules for Intercom.

https://github.com/mongodb/kingfisher. Its own Intercom rule doubles ours and is dropped; inline
ignore comments are off, as a waiver with an owner and an end is the way to accept a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from helpers.exposure.engine import Sighting
from helpers.exposure.records import INTERCOM_KINDS
from helpers.exposure.shapes import canonical, shape
from helpers.model import fingerprint

if TYPE_CHECKING:
    from kingfisher_sdk import Finding, Scanner

__all__ = ["RULES", "Kingfisher"]

RULES: Final = Path(__file__).parent / "rules" / "intercom.yml"
_OURS: Final = "intercom."
_DOUBLES: Final = frozenset({"betterleaks.intercom-api-key"})
_SECONDS: Final = 60.0  # for one object
_BASE64_DEPTH: Final = 3


class Kingfisher:
    """Kingfisher with Intercom's rules, and all of its own unless `all_rules` is off."""

    def __init__(self, *, all_rules: bool = True) -> None:
        self.all_rules = all_rules

    @cached_property
    def identity(self) -> str:
        """Engine, version, set of rules, and a digest of ours."""
        installed = version("kingfisher-secret-scanner")
        parts = [RULES, *(Path(__file__).with_name(n) for n in ("shapes.py", "kingfisher.py"))]
        digest = hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()[:12]
        return f"kingfisher {installed} {'all' if self.all_rules else 'intercom'} {digest}"

    @property
    def minds_paths(self) -> bool:
        """Some of kingfisher's own rules look at the path; ours don't."""
        return self.all_rules

    @cached_property
    def _scanner(self) -> Scanner:
        from kingfisher_sdk import DetectionPolicy, Rules, Scanner

        rules = Rules([RULES], builtins=self.all_rules)
        policy = DetectionPolicy(inline_ignores=False, base64_max_depth=_BASE64_DEPTH)
        return Scanner(rules, policy=policy)

    def warm_up(self) -> None:
        """Load the rules now (4 s the first time on a machine, 0.4 s after that)."""
        _ = self._scanner

    def scan(self, data: bytes, path: str) -> tuple[Sighting, ...]:
        """Each secret once, at its first line."""
        seen: dict[str, Sighting] = {}
        for kind, value, finding in self._secrets(data, path):
            sighting = Sighting(
                kind=kind,
                title=INTERCOM_KINDS.get(kind) or _title(finding.rule_id),
                fingerprint=fingerprint(kind, value),
                shape=shape(kind, value),
                line=finding.location["line"],
            )
            known = seen.get(sighting.fingerprint)
            if known is None or sighting.line < known.line:
                seen[sighting.fingerprint] = sighting
        return tuple(sorted(seen.values(), key=lambda s: (s.line, s.fingerprint)))

    def values(self, data: bytes, path: str) -> Mapping[str, SecretStr]:
        """The secrets themselves, by fingerprint."""
        found = self._secrets(data, path)
        return {fingerprint(kind, value): SecretStr(value) for kind, value, _ in found}

    def _secrets(self, data: bytes, path: str) -> Iterator[tuple[str, str, Finding]]:
        from kingfisher_sdk import ScanInput

        source = ScanInput(path=path, data=data)
        findings = self._scanner.scan_input(source, timeout=_SECONDS)
        ours = [f for f in findings if f.rule_id.startswith(_OURS)]
        told: list[Finding] = []
        for finding in ours:
            kind = finding.rule_id.split(".")[1]
            value = canonical(kind, finding.secret)
            if value:
                told.append(finding)
                yield kind, value, finding
        for finding in findings:
            doubled = any(_overlap(finding, one) for one in told)
            if finding.visible and _foreign(finding) and not doubled:
                yield finding.rule_id.rpartition(".")[2], finding.secret, finding


def _foreign(finding: Finding) -> bool:
    return not finding.rule_id.startswith(_OURS) and finding.rule_id not in _DOUBLES


def _overlap(one: Finding, other: Finding) -> bool:
    """True where two rules speak of the same bytes (a decoded one of the encoded ones)."""
    a, b = one.location, other.location
    return a["start_offset"] < b["end_offset"] and b["start_offset"] < a["end_offset"]


def _title(rule_id: str) -> str:
    """`betterleaks.aws-access-token` as people say it."""
    return rule_id.rpartition(".")[2].rpartition("/")[2].replace("-", " ").capitalize()
