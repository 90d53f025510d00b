"""The engine: kingfisher's SDK (Rust, in process, offline), with our rules for Intercom.

https://github.com/mongodb/kingfisher. Its own Intercom rule doubles ours and is dropped; inline
ignore comments are off, as a waiver with an owner and an end is the way to accept a finding; so is
its passing over secrets in HTML and CSS, which leak there like anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Final

from helpers.core.errors import CollectionError
from helpers.core.fingerprints import fingerprint
from helpers.exposure.engine import Sighting
from helpers.exposure.kinds import INTERCOM_KINDS
from helpers.exposure.literals import CONFIGURED, in_memory, searchable
from helpers.exposure.path_rules import NO_CLASS, path_class
from helpers.exposure.shapes import canonical, shape
from helpers.exposure.spans import Spans

if TYPE_CHECKING:
    from kingfisher_sdk import CancellationToken, Finding, Rules, Scanner
    from pydantic import SecretStr

    from helpers.core.settings import Credential

__all__ = ["RULES", "Kingfisher"]

RULES: Final = Path(__file__).parent / "rules" / "intercom.yml"
_OURS: Final = "intercom."
_DOUBLES: Final = frozenset({"betterleaks.intercom-api-key"})
_SECONDS: Final = 60.0  # for one object
_WATCHED: Final = 1 << 20  # bytes; a smaller object takes no more than seconds, whatever is in it
_BASE64_DEPTH: Final = 3

Secret = tuple[str, str, "Finding"]  # kind and value


class Kingfisher:
    """Kingfisher with Intercom's rules, and all of its own unless `all_rules` is off.

    The secrets of `credentials`, which are in use, are looked for by their bytes as well.
    """

    def __init__(self, *, all_rules: bool = True, credentials: Collection[Credential] = ()) -> None:
        self.all_rules = all_rules
        self._credentials = searchable(credentials)
        self._loading = Lock()
        self._loaded: tuple[Scanner, ...] = ()

    @cached_property
    def identity(self) -> str:
        """Engine, version, set of rules, a digest of ours, and one of the secrets in use."""
        from importlib.metadata import version

        installed = version("kingfisher-secret-scanner")
        names = ("kingfisher.py", "literals.py", "path_rules.py", "shapes.py", "spans.py")
        parts = [RULES, *(Path(__file__).with_name(name) for name in names)]
        marks = sorted(fingerprint(c.kind, c.value.get_secret_value()) for c in self._credentials)
        material = b"".join(p.read_bytes() for p in parts) + "".join(marks).encode()
        digest = hashlib.sha256(material).hexdigest()[:12]
        return f"kingfisher {installed} {'all' if self.all_rules else 'intercom'} {digest}"

    @property
    def minds_paths(self) -> bool:
        """Some of kingfisher's own rules look at the path; ours don't."""
        return self.all_rules

    def path_class(self, path: str) -> str:
        """The path rules of kingfisher that concern a path."""
        return path_class(path) if self.all_rules and path else NO_CLASS

    def _scanners(self) -> tuple[Scanner, ...]:
        """Loaded once, whichever thread asks first."""
        with self._loading:
            self._loaded = self._loaded or self._load_or_say()
            return self._loaded

    def _load_or_say(self) -> tuple[Scanner, ...]:
        try:
            return self._load()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise CollectionError(
                f"The rules for secrets can't be loaded ({type(error).__name__}).",
                "Remove the environment (.venv) and run ./runbook: it is made anew.",
            ) from None

    def _load(self) -> tuple[Scanner, ...]:
        from kingfisher_sdk import DetectionPolicy, Scanner

        policy = DetectionPolicy(
            inline_ignores=False, markup_context=False, base64_max_depth=_BASE64_DEPTH
        )
        return tuple(Scanner(rules, policy=policy) for rules in self._rules())

    def _rules(self) -> Iterator[Rules]:
        """All rules come from the engine's cache on disk, where secrets in use have no place."""
        from kingfisher_sdk import Rules

        with in_memory(self._credentials) as literals:
            if not self.all_rules:
                yield Rules([RULES, *literals], builtins=False, cache=not literals)
                return
            yield Rules([RULES])
            if literals:
                yield Rules(literals, builtins=False, cache=False)

    def warm_up(self) -> None:
        """Load the rules now (4 s the first time on a machine, 0.4 s after that)."""
        self._scanners()

    def scan(self, data: bytes, path: str) -> tuple[Sighting, ...]:
        """Each secret once, at its first line."""
        findings = self._findings(data, path)
        if not findings:
            return ()
        seen: dict[str, Sighting] = {}
        for secret in _secrets(findings):
            sighting = _sighting(*secret)
            known = seen.get(sighting.fingerprint)
            if known is None or sighting.line < known.line:
                seen[sighting.fingerprint] = sighting
        return tuple(sorted(seen.values(), key=lambda s: (s.line, s.fingerprint)))

    def values(self, data: bytes, path: str) -> Mapping[str, SecretStr]:
        """The secrets themselves, by fingerprint."""
        from pydantic import SecretStr

        found = _secrets(self._findings(data, path))
        return {fingerprint(kind, value): SecretStr(value) for kind, value, _ in found}

    def _findings(self, data: bytes, path: str) -> list[Finding]:
        if len(data) <= _WATCHED:
            return self._found(data, path, None)
        with _watch() as token:
            try:
                return self._found(data, path, token)
            except RuntimeError:
                if token.is_cancelled:
                    raise TimeoutError from None
                raise

    def _found(self, data: bytes, path: str, token: CancellationToken | None) -> list[Finding]:
        from kingfisher_sdk import ScanInput

        found: list[Finding] = []
        if self.path_class(path) == NO_CLASS:
            for scanner in self._scanners():
                found += scanner.scan(data, cancellation=token)
            return found
        text = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for scanner in self._scanners():
            found += scanner.scan_input(ScanInput(path=text, data=data), cancellation=token)
        return found


@contextmanager
def _watch() -> Iterator[CancellationToken]:
    """A token that ends the work when time is up.

    The engine's own timeout asks the clock at every step, which doubles the time that it takes.
    """
    from kingfisher_sdk import CancellationToken

    token = CancellationToken()
    timer = Timer(_SECONDS, token.cancel)
    timer.daemon = True
    timer.start()
    try:
        yield token
    finally:
        timer.cancel()


def _secrets(findings: list[Finding]) -> Iterator[Secret]:
    """What counts: secrets in use first, then Intercom's, then others where neither lies."""
    told = Spans()
    for kind_of in (_in_use, _ours, _foreign):
        secrets = [(*named, one) for one in findings if (named := kind_of(one))]
        fresh = [s for s in secrets if not told.touch(*_span(s[2]))]
        told.add(_span(finding) for _, _, finding in fresh)
        yield from fresh


def _in_use(finding: Finding) -> tuple[str, str] | None:
    if not finding.rule_id.startswith(CONFIGURED):
        return None
    return finding.rule_id.split(".")[1], finding.secret


def _ours(finding: Finding) -> tuple[str, str] | None:
    if not finding.rule_id.startswith(_OURS):
        return None
    kind = finding.rule_id.split(".")[1]
    value = canonical(kind, finding.secret)
    return (kind, value) if value else None


def _foreign(finding: Finding) -> tuple[str, str] | None:
    rule = finding.rule_id
    if rule.startswith((CONFIGURED, _OURS)) or rule in _DOUBLES or not finding.visible:
        return None
    return rule.rpartition(".")[2], finding.secret


def _span(finding: Finding) -> tuple[int, int]:
    """The bytes that a finding speaks of (a decoded one of the encoded ones)."""
    place = finding.location
    return place["start_offset"], place["end_offset"]


def _sighting(kind: str, value: str, finding: Finding) -> Sighting:
    return Sighting(
        kind=kind,
        title=INTERCOM_KINDS.get(kind) or _title(finding.rule_id),
        fingerprint=fingerprint(kind, value),
        shape=shape(kind, value),
        line=finding.location["line"],
    )


def _title(rule_id: str) -> str:
    """`betterleaks.aws-access-token` as people say it."""
    return rule_id.rpartition(".")[2].rpartition("/")[2].replace("-", " ").capitalize()
