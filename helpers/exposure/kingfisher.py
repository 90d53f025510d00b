"""The engine: kingfisher's SDK (Rust, in process, offline) with our rules for Intercom.

https://github.com/mongodb/kingfisher. Three of its defaults are off: its own Intercom rule, which
duplicates ours; inline ignore comments, because a finding is accepted by a waiver with an owner and
an expiry; and skipping secrets in HTML and CSS, which leak there as anywhere else.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Final

from helpers.core.errors import CollectionError
from helpers.core.redaction import KNOWN, fingerprint
from helpers.exposure.configured import CONFIGURED, rule_files, searchable
from helpers.exposure.items import DEFAULT_PATH_CLASS, EngineChanges, SecretMatch
from helpers.exposure.secret_kinds import INTERCOM_KINDS, canonical, shape

if TYPE_CHECKING:
    from kingfisher_sdk import CancellationToken, Finding, Rules, Scanner
    from pydantic import SecretStr

    from helpers.core.settings import Credential

__all__ = [
    "PATH_PATTERNS",
    "PROVIDER_RULES",
    "RULES",
    "STANDALONE",
    "ByteSpans",
    "Kingfisher",
    "path_class",
]

RULES: Final = Path(__file__).parent / "rules" / "intercom.yml"
PROVIDER_RULES: Final = RULES.with_name("providers.yml")
_OURS: Final = "intercom."
_PROVIDER: Final = "provider."
# The engine hides what is only one half of a pair. Most hidden rules find names and ids; these find
# a secret, which is no less exposed when the other half is elsewhere.
STANDALONE: Final = frozenset(
    {
        "betterleaks.alibaba-sts-security-token",
        "betterleaks.exoscale-api-secret",
        "betterleaks.ovh-consumer-key",
        "betterleaks.polymarket-api-secret",
        "betterleaks.polymarket-passphrase",
    }
)
_SAME_SECRET: Final = {"gcp-service-account": "private-key"}  # the file is known by its key
_DUPLICATES: Final = frozenset({"betterleaks.intercom-api-key"})
_SECONDS: Final = 60.0  # for one piece of content
_WATCHED: Final = 1 << 20  # bytes; a smaller object takes seconds at most, whatever it contains
_BASE64_DEPTH: Final = 3
_WITH: Final = " in use: "  # in an identity, before the fingerprints
_MOST_COMPARED: Final = 200  # secrets in one stretch of base64

# Some of the engine's rules apply to certain files only (`\.tf$`), and some skip others (tests,
# docs). Two paths that match the same patterns give the same result, so an object at many paths is
# scanned once for each class of them. A test compares the list with the engine.
PATH_PATTERNS: Final = (
    r"(?i)\.php$",
    r"(?i)\.(?:tf|hcl)$",
    r"(?i)\.ya?ml$",
    r"(?i)nuget\.config$",
    r"(?i)(?:\.git[/\\]config|(?:^|[/\\])\.git-credentials|_history)$",
    r"(?i)bitwarden[ _-]*cli(?:[\/]+)data\.json$",
    r"(?:^|/)@octokit/auth-token/README\.md$",
    (
        r"(?i)(?:^|[/\\])(?:__tests__|tests?|testdata|specs?|fixtures?|mocks?|examples?|samples?"
        r"|demos?|tutorials?|templates?|qa|e2e|documentation|docs?(?:[-_][a-z0-9-]+)?)(?:[/\\]|$)"
    ),
    r"(?i)(?:^|[/\\])readme(?:\.[^/\\]+)?$",
    r"(?i)(?:^|[/\\])[^/\\]*(?:[_.-](?:test|spec)|(?:test|spec)[_.-])[^/\\]*\.[^/\\]+$",
    r"(?i)\.(?:example|sample|template)(?:\.[^/\\]+)?$",
    r"(?i)\.(?:md|mdx|rst|adoc|asciidoc)$",
)
_NUMBERED: Final = re.compile(r"\.\d+$")  # a rule's second pattern for the same kind
_COMPILED: Final = tuple(map(re.compile, PATH_PATTERNS))

Secret = tuple[str, str, "Finding"]  # kind and value


class Kingfisher:
    """Kingfisher with our rules for Intercom and, unless `all_rules` is off, all of its own.

    The secrets of `credentials`, which are in use, are also found by their bytes.
    """

    def __init__(self, *, all_rules: bool = True, credentials: Collection[Credential] = ()) -> None:
        self.all_rules = all_rules
        self._credentials = searchable(credentials)
        self._loading = Lock()
        self._loaded: tuple[Scanner, ...] = ()

    @cached_property
    def identity(self) -> str:
        """Engine, version, set of rules, a digest of our code and rules; and the secrets in use."""
        from importlib.metadata import version

        installed = version("kingfisher-secret-scanner")
        names = ("configured.py", "kingfisher.py", "secret_kinds.py")
        parts = [RULES, PROVIDER_RULES, *(Path(__file__).with_name(name) for name in names)]
        digest = hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()[:12]
        in_use = " ".join(sorted({one.fingerprint for one in self._credentials}))
        rules = f"kingfisher {installed} {'all' if self.all_rules else 'intercom'} {digest}"
        return f"{rules}{_WITH}{in_use}" if in_use else rules

    def changes_since(self, identity: str) -> EngineChanges | None:
        """Compare with an earlier engine; None if more than the secrets in use is different."""
        rules, _, in_use = self.identity.partition(_WITH)
        earlier_rules, _, was_in_use = identity.partition(_WITH)
        if rules != earlier_rules:
            return None
        now, before = set(in_use.split()), set(was_in_use.split())
        new = [one for one in self._credentials if one.fingerprint in now - before]
        has_new = _OnlyInUse(all_rules=False, credentials=new).has_any if new else _never
        return EngineChanges(frozenset(before - now), has_new)

    @property
    def depends_on_paths(self) -> bool:
        """True if kingfisher's own rules are used: some of them look at the path, ours don't."""
        return self.all_rules

    def path_class(self, path: str) -> str:
        """Return the class of a path; without kingfisher's own rules there is only one."""
        return path_class(path) if self.all_rules and path else DEFAULT_PATH_CLASS

    def _scanners(self) -> tuple[Scanner, ...]:
        """Load the rules once, in whichever thread needs them first."""
        with self._loading:
            self._loaded = self._loaded or self._load_or_explain()
            return self._loaded

    def _load_or_explain(self) -> tuple[Scanner, ...]:
        try:
            return self._load()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise CollectionError(
                f"The rules for secrets can't be loaded ({type(error).__name__}).",
                "Remove the environment (.venv) and run ./runbook, which creates it again.",
            ) from None

    def _load(self) -> tuple[Scanner, ...]:
        from kingfisher_sdk import DetectionPolicy, Scanner

        policy = DetectionPolicy(
            inline_ignores=False, markup_context=False, base64_max_depth=_BASE64_DEPTH
        )
        return tuple(Scanner(rules, policy=policy) for rules in self._rules())

    def _rules(self) -> Iterator[Rules]:
        """Yield the rules. Those for secrets in use never go to the engine's cache on disk."""
        from kingfisher_sdk import Rules

        with rule_files(self._credentials) as literals:
            if not self.all_rules:
                yield Rules([RULES, *literals], builtins=False, cache=not literals)
                return
            yield Rules([RULES, PROVIDER_RULES])
            if literals:
                yield Rules(literals, builtins=False, cache=False)

    def warm_up(self) -> None:
        """Load the rules now (4 s the first time on a machine, then 0.4 s)."""
        self._scanners()

    def scan(self, data: bytes, path: str) -> tuple[SecretMatch, ...]:
        """Return each secret once, at its first line. Raises TimeoutError."""
        findings = self._findings(data, path)
        if not findings:
            return ()
        found: dict[str, SecretMatch] = {}
        for secret in _secrets(findings):
            match = _match(*secret)
            known = found.get(match.fingerprint)
            if known is None or match.line < known.line:
                found[match.fingerprint] = match
        return tuple(sorted(found.values(), key=lambda m: (m.line, m.fingerprint)))

    def values(self, data: bytes, path: str) -> Mapping[str, SecretStr]:
        """Return the secrets themselves, by fingerprint."""
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
        if self.path_class(path) == DEFAULT_PATH_CLASS:
            for scanner in self._scanners():
                found += scanner.scan(data, cancellation=token)
            return found
        text = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for scanner in self._scanners():
            found += scanner.scan_input(ScanInput(path=text, data=data), cancellation=token)
        return found


class _OnlyInUse(Kingfisher):
    """The rules for secrets in use alone, for what was searched with all others before."""

    def _rules(self) -> Iterator[Rules]:
        from kingfisher_sdk import Rules

        with rule_files(self._credentials) as literals:
            yield Rules(literals, builtins=False, cache=False)

    def has_any(self, data: bytes, path: str) -> bool:
        """Return whether a secret in use is in the bytes. Raises TimeoutError."""
        return bool(self._findings(data, path))


def _never(_data: bytes, _path: str) -> bool:
    return False


@lru_cache(maxsize=1 << 16)  # a path returns with each version of its file
def path_class(path: str) -> str:
    """Return the patterns that a path matches as four hex digits; `0000` if it matches none."""
    matches = sum(1 << bit for bit, pattern in enumerate(_COMPILED) if pattern.search(path))
    return f"{matches:04x}" if matches else DEFAULT_PATH_CLASS


@contextmanager
def _watch() -> Iterator[CancellationToken]:
    """Return a token that cancels the work when time is up.

    The engine's own timeout reads the clock at every step, which doubles the time of a scan.
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
    """Yield secrets in use, then Intercom's, then others; never two from the same bytes.

    All that was decoded from one stretch of base64 has the place of that stretch, so there two
    secrets are the same if one contains the other.
    """
    taken = _TakenBytes()
    for kind_of in (_in_use, _ours, _provider, _foreign):
        secrets = [(*named, one) for one in findings if (named := kind_of(one))]
        fresh = [secret for secret in secrets if not taken.include(secret[2])]
        taken.add([finding for _, _, finding in fresh])
        yield from fresh


class _TakenBytes:
    """The bytes of the secrets that were found, as they stand in a text or decoded from it."""

    def __init__(self) -> None:
        self._plain, self._encoded = ByteSpans(), ByteSpans()
        self._decoded: defaultdict[tuple[int, int], list[str]] = defaultdict(list)

    def add(self, findings: Sequence[Finding]) -> None:
        self._plain.add(_span(one) for one in findings if not one.is_base64_encoded)
        self._encoded.add(_span(one) for one in findings if one.is_base64_encoded)
        for one in findings:
            if one.is_base64_encoded:
                self._decoded[_span(one)].append(one.secret)

    def include(self, finding: Finding) -> bool:
        span, value = _span(finding), finding.secret
        if self._plain.overlaps(*span):
            return True
        if not finding.is_base64_encoded:
            return self._encoded.overlaps(*span)
        others = self._decoded.get(span, [])[:_MOST_COMPARED]
        return any(value in other or other in value for other in others)


def _in_use(finding: Finding) -> tuple[str, str] | None:
    if not finding.rule_id.startswith(CONFIGURED):
        return None
    return finding.rule_id.split(".")[1], finding.secret


def _ours(finding: Finding) -> tuple[str, str] | None:
    if not finding.rule_id.startswith(_OURS):
        return None
    return _named(finding.rule_id.split(".")[1], finding.secret)


def _provider(finding: Finding) -> tuple[str, str] | None:
    if not finding.rule_id.startswith(_PROVIDER):
        return None
    return _named(finding.rule_id.partition(".")[2], finding.secret)


def _foreign(finding: Finding) -> tuple[str, str] | None:
    rule = finding.rule_id
    if rule.startswith((CONFIGURED, _OURS, _PROVIDER)) or rule in _DUPLICATES:
        return None
    if not finding.visible and rule not in STANDALONE:
        return None
    kind = _NUMBERED.sub("", rule).rpartition(".")[2]
    return _named(_SAME_SECRET.get(kind, kind), finding.secret)


def _named(kind: str, raw: str) -> tuple[str, str] | None:
    value = canonical(kind, raw)
    return (kind, value) if value else None


def _span(finding: Finding) -> tuple[int, int]:
    """Return the bytes of a finding; for a decoded secret, the encoded bytes."""
    place = finding.location
    return place["start_offset"], place["end_offset"]


def _match(kind: str, value: str, finding: Finding) -> SecretMatch:
    if kind in INTERCOM_KINDS:
        KNOWN.register_found(kind, value)  # the name of a file may contain it, too
    return SecretMatch(
        kind=kind,
        title=INTERCOM_KINDS.get(kind) or _title(finding.rule_id),
        fingerprint=fingerprint(kind, value),
        shape=shape(kind, value),
        line=finding.location["line"],
    )


def _title(rule_id: str) -> str:
    """Turn `betterleaks.aws-access-token` into `Aws access token`."""
    return (
        _NUMBERED.sub("", rule_id)
        .rpartition(".")[2]
        .rpartition("/")[2]
        .replace("-", " ")
        .capitalize()
    )


class ByteSpans:
    """Half-open spans, sorted and merged where they overlap; fast for many thousands."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, spans: Iterable[tuple[int, int]]) -> None:
        """Add spans."""
        merged: list[list[int]] = []
        for start, end in sorted([*zip(self._starts, self._ends, strict=True), *spans]):
            if merged and start < merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def overlaps(self, start: int, end: int) -> bool:
        """Return whether a span shares a byte with any of them."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start
