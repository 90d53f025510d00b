"""Hear from every consumer which key it uses, and record how that is known and who said it."""

from __future__ import annotations

from collections.abc import Iterable

from helpers.rotation.bench import Bench
from helpers.rotation.consumers import Consumer, reported
from helpers.rotation.ledger import Entry
from helpers.rotation.procedures import Offer
from helpers.rotation.standing import Need, Pause

__all__ = ["hear"]


def hear(bench: Bench, entry: Entry, consumers: Iterable[Consumer], offer: Offer) -> Entry | Pause:
    """Go on if each consumer is heard to use the new key; else wait for those that are not."""
    silent = [c for c in consumers if not _confirmed(bench, entry, c, offer)]
    if not silent:
        return bench.on(entry)
    lines = tuple(_ask_for(bench, entry, consumer) for consumer in silent)
    vouch = tuple(consumer.name for consumer in silent if consumer.how == "attested")
    return Pause(Need.CONFIRMATION, lines, vouch)


def _confirmed(bench: Bench, entry: Entry, consumer: Consumer, offer: Offer) -> bool:
    wanted = entry.new_fingerprint
    known = bench.ledger.last(entry, "confirmation", consumer.name)
    if known and known.detail["fingerprint"] == wanted:
        return True
    how = _heard(consumer, wanted, offer)
    if how:
        bench.ledger.confirm(entry, consumer.name, fingerprint=wanted, how=how)
    return bool(how)


def _heard(consumer: Consumer, wanted: str, offer: Offer) -> str:
    """How it is known that the consumer uses the new key; "" where it is not."""
    if consumer.how != "attested":
        return consumer.how if wanted in reported(consumer) else ""
    attested = consumer.how if consumer.name in offer.attested else ""
    return offer.shown.get(consumer.name, attested)


def _ask_for(bench: Bench, entry: Entry, consumer: Consumer) -> str:
    where = consumer.file or consumer.url
    if where:
        return f"{consumer.name}: {where} does not report {entry.new_fingerprint} yet."
    whom = f"whatever reads {bench.store.label}" if consumer.name == "readers" else "it"
    return f"{consumer.name}: see that {whom} uses {entry.new_fingerprint}, then confirm it."
