"""The pictures of the exposure step: the secrets, when each leaked, and what was searched."""

from __future__ import annotations

from datetime import datetime

from helpers.core.model import Known, Unavailable
from helpers.core.periods import Period, periods_picture
from helpers.core.view import View, prose, stack, table
from helpers.exposure.records import ExposureFacts, LeakedSecret, ScanCoverage

__all__ = ["coverage", "overview", "timeline"]


def overview(facts: ExposureFacts) -> View:
    """A row for each secret, most urgent first."""
    if isinstance(facts.leaks, Unavailable):
        return prose(f"Not searched: {facts.leaks.reason}")
    leaks = sorted(facts.leaks.value, key=lambda leak: (not leak.configured_as, not leak.committed))
    rows = [_row(leak) for leak in leaks]
    columns = ("secret", "fingerprint", "shape", "first place", "places", "since", "still there")
    return stack(table(columns, rows, empty="No secret was found."), _cut(facts))


def _row(leak: LeakedSecret) -> tuple[str, ...]:
    place = leak.places[0]
    where = f"{place.where}:{place.line}" if place.line else place.where
    return (
        f"{leak.title}, in use ({leak.configured_as})" if leak.configured_as else leak.title,
        leak.fingerprint,
        leak.shape,
        f"{where} ({place.kind})",
        str(leak.places_total),
        f"{leak.first:%Y-%m-%d}" if leak.first else "–",
        f"removed {leak.gone:%Y-%m-%d}" if leak.gone else "yes",
    )


def _cut(facts: ExposureFacts) -> View:
    listed = len(facts.leaks.value) if isinstance(facts.leaks, Known) else 0
    total = facts.leaks_total.value if isinstance(facts.leaks_total, Known) else listed
    if total > listed:
        return prose(f"{total} secrets were found; the first {listed} are listed here.")
    return prose(
        f"{total} secrets were found. Fingerprints stand for the secrets, which are never shown."
    )


def coverage(facts: ExposureFacts) -> View:
    """What was searched, and what could not be searched."""
    if isinstance(facts.coverage, Unavailable):
        return prose(f"Not searched: {facts.coverage.reason}")
    searched = facts.coverage.value
    rows = [(left.where, left.reason) for left in (*searched.missed, *searched.elsewhere)]
    empty = "Nothing was skipped."
    return stack(prose(_searched(searched)), table(("not searched", "reason"), rows, empty=empty))


def _searched(searched: ScanCoverage) -> str:
    history = f"{searched.objects} git objects and " if searched.git else ""
    where = "one repository"
    if searched.repositories > 1:
        where = f"{searched.repositories} repositories, including nested ones"
    return f"Searched: {history}{searched.files} files in {where}."


def timeline(facts: ExposureFacts) -> View:
    """When each secret entered the history, and how long it stayed there."""
    if isinstance(facts.leaks, Unavailable):
        return prose(f"Not searched: {facts.leaks.reason}")
    dated = [(leak, leak.first) for leak in facts.leaks.value if leak.first]
    if not dated:
        return prose("The history contains no secret.")
    dated.sort(key=lambda pair: (pair[1], pair[0].fingerprint))
    rows = [_timeline_row(leak, first) for leak, first in dated]
    columns = ("fingerprint", "secret", "from", "until", "days")
    listed = table(columns, rows, empty="")
    title = f"When each of {len(dated)} secrets leaked, and until when it stayed in the history"
    bars = [
        Period(f"{leak.fingerprint[:8]} {leak.title}", first, leak.gone) for leak, first in dated
    ]
    return View(periods_picture(bars, title).html + listed.html, listed.text)


def _timeline_row(leak: LeakedSecret, first: datetime) -> tuple[str, ...]:
    gone = leak.gone
    days = str((gone - first).days) if gone else "–"
    until = f"{gone:%Y-%m-%d}" if gone else "still there"
    return leak.fingerprint, leak.title, f"{first:%Y-%m-%d}", until, days
