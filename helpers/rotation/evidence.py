"""The evidence for each step: probe the keys, ask the consumers, record what was seen.

A consumer reports the fingerprint of the key it holds: in a file, at a URL, or through a person who
confirms it. "Deployed" is no confirmation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from helpers.core.errors import ConfigurationError
from helpers.rotation.context import Need, Pause, RotationContext
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.procedure import OperatorInput, ProbeOutcome, ProbeResult
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import State, before_staging

__all__ = [
    "ALIVE",
    "DEAD",
    "DEAD_IN_GAP",
    "WITHDRAWN",
    "Consumer",
    "collect_confirmations",
    "decide",
    "is_proven",
    "probe_new_key",
    "probe_old_key",
    "record",
    "reported",
    "wait_for_person",
]

ALIVE = "old key alive"
DEAD = "old key dead"
DEAD_IN_GAP = f"{DEAD}, without a control"
WITHDRAWN = "old key withdrawn"
_FINGERPRINT: Final = re.compile(r"\b(?:k-)?[0-9a-f]{16}\b")
_MAX_BYTES: Final = 64 * 1024  # bytes of a report
_TIMEOUT: Final = 10.0  # seconds


@dataclass(frozen=True)
class Consumer:
    """A program that uses the key.

    `file` or `url` reports its fingerprint; without either, a person confirms it.
    """

    name: str
    file: str = ""
    url: str = ""

    @property
    def how(self) -> str:
        """How it confirms: file, url or attested."""
        return "file" if self.file else "url" if self.url else "attested"


def probe_new_key(
    context: RotationContext, entry: LedgerEntry, supplied: OperatorInput
) -> ProbeResult:
    """Probe the pending key before anybody depends on it."""
    new = context.store.read(Stage.PENDING)
    if new is None or context.fingerprint(new) != entry.new_fingerprint:
        return ProbeResult(
            ProbeOutcome.REFUTED, "The store no longer holds the new key that was staged."
        )
    old = context.store.read(Stage.CURRENT)
    return context.procedure.verify(entry, new, old, baseline(context, entry), supplied)


def probe_old_key(
    context: RotationContext,
    entry: LedgerEntry,
    supplied: OperatorInput,
    *,
    stage: Stage = Stage.PREVIOUS,
) -> ProbeResult:
    """Check that the old key is dead.

    While it is still the current key, there is no new one to compare it with.
    """
    old = context.store.read(stage)
    if old is None or context.fingerprint(old) != entry.old_fingerprint:
        return ProbeResult(
            ProbeOutcome.UNCLEAR, "The store no longer holds the old key, so it can't be probed."
        )
    new = context.store.read(Stage.CURRENT) if stage is Stage.PREVIOUS else None
    return context.procedure.prove_dead(entry, old, new, baseline(context, entry), supplied)


def baseline(context: RotationContext, entry: LedgerEntry) -> Mapping[str, Any]:
    """What the first probe of the old key found, and its confirmed revocation if there was one.

    `how` is `attested` where a person confirmed, before there was a new key, that it is dead.
    """
    known = context.ledger.last_event(entry, "evidence", ALIVE)
    before = dict(known.detail) if known else {}
    withdrawn = context.ledger.last_event(entry, "evidence", WITHDRAWN)
    if withdrawn and is_proven(context, entry, WITHDRAWN):
        before["withdrawn"] = withdrawn.detail
    dead = context.ledger.last_event(entry, "evidence", DEAD_IN_GAP)
    if dead and is_proven(context, entry, DEAD_IN_GAP):
        before |= {"how": dead.detail["how"]} if "how" in dead.detail else {}
    return before


def decide(
    context: RotationContext, entry: LedgerEntry, proof: str, result: ProbeResult
) -> LedgerEntry | Pause:
    """Record the result under the proof's name, then advance, wait, or call for a person.

    Only a refuted new key moves the rotation back to where it waits for another one. Once the new
    key is in use, nothing moves it back.
    """
    record(context, entry, proof, result)
    if result.proven:
        return context.advance(entry)
    if result.outcome is ProbeOutcome.TRY_AGAIN:
        return Pause(Need.RETRY, (result.message, "Nothing was lost. Resume with --resume."))
    if result.outcome is ProbeOutcome.NOT_YET:
        return wait_for_person(result, (result.message,))
    refuted = result.outcome is ProbeOutcome.REFUTED and entry.state is State.STAGED
    back = before_staging(compromised=entry.compromised) if refuted else entry.state
    context.ledger.move(entry, State.NEEDS_HUMAN, reason=result.message, stood_at=back)
    return Pause(Need.DECISION, (result.message,))


def wait_for_person(result: ProbeResult, lines: tuple[str, ...]) -> Pause:
    """Wait for a person to act, or to confirm what no program can check."""
    return Pause(Need.CLICK, lines, (result.attestable,) if result.attestable else ())


def record(context: RotationContext, entry: LedgerEntry, proof: str, result: ProbeResult) -> None:
    """Record in the ledger what was seen and what it means."""
    context.ledger.prove(entry, proof, **result.detail, outlook=str(result.outcome))


def is_proven(context: RotationContext, entry: LedgerEntry, proof: str) -> bool:
    """Whether the ledger holds this proof. It stays valid after a crash."""
    known = context.ledger.last_event(entry, "evidence", proof)
    return known is not None and known.detail["outlook"] == ProbeOutcome.PROVEN


def collect_confirmations(
    context: RotationContext,
    entry: LedgerEntry,
    consumers: Iterable[Consumer],
    supplied: OperatorInput,
) -> LedgerEntry | Pause:
    """Advance once every consumer uses the new key; otherwise wait for the others."""
    unconfirmed = [c for c in consumers if not _confirmed(context, entry, c, supplied)]
    if not unconfirmed:
        return context.advance(entry)
    lines = tuple(_request(context, entry, consumer) for consumer in unconfirmed)
    attestable = tuple(consumer.name for consumer in unconfirmed if consumer.how == "attested")
    return Pause(Need.CONFIRMATION, lines, attestable)


def _confirmed(
    context: RotationContext, entry: LedgerEntry, consumer: Consumer, supplied: OperatorInput
) -> bool:
    wanted = entry.new_fingerprint
    known = context.ledger.last_event(entry, "confirmation", consumer.name)
    if known and known.detail["fingerprint"] == wanted:
        return True
    how = _method(consumer, wanted, supplied)
    if how:
        context.ledger.confirm(entry, consumer.name, fingerprint=wanted, how=how)
    return bool(how)


def _method(consumer: Consumer, wanted: str, supplied: OperatorInput) -> str:
    """How it is known that the consumer uses the new key; "" where it is unknown."""
    if consumer.how != "attested":
        return consumer.how if wanted in reported(consumer) else ""
    attested = consumer.how if consumer.name in supplied.attested else ""
    return supplied.observed.get(consumer.name, attested)


def _request(context: RotationContext, entry: LedgerEntry, consumer: Consumer) -> str:
    where = consumer.file or consumer.url
    if where:
        return f"{consumer.name}: {where} does not report {entry.new_fingerprint} yet."
    reader = f"whatever reads {context.store.label}" if consumer.name == "readers" else "it"
    return f"{consumer.name}: check that {reader} uses {entry.new_fingerprint}, then confirm it."


def reported(consumer: Consumer) -> frozenset[str]:
    """The fingerprints that a consumer reports; empty where nothing can be read."""
    text = _from_file(consumer.file) if consumer.file else _from_url(consumer.url)
    return frozenset(_FINGERPRINT.findall(text))


def _from_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _from_url(url: str) -> str:
    if not url:
        return ""
    import httpx

    from helpers.intercom.trusted_hosts import is_loopback

    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigurationError(
            "The URL of a consumer's fingerprint is not a URL.",
            "Correct `fingerprint_url` in policy.toml.",
        ) from None
    if target.scheme != "https" and not is_loopback(target.host):
        raise ConfigurationError(
            f"The URL of a consumer's fingerprint at {target.host} uses plain HTTP.",
            "Use an https URL: on plain HTTP anybody on the path could confirm in its place.",
        )
    try:
        with httpx.stream("GET", target, timeout=_TIMEOUT, follow_redirects=False) as answer:
            body = b"".join(islice(answer.iter_bytes(1024), 64))
            return body.decode("utf-8", "replace") if answer.is_success else ""
    except (httpx.HTTPError, OverflowError):  # the latter for a port that no machine has
        return ""
