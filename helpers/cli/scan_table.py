"""The table of a scan, readable with hundreds of findings.

One group for each severity and kind, one line for each secret, the steps once for each group.
Passwords of no known provider, and examples, are one line for each kind. `--verbose` lists all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

import click

from helpers.core.redaction import sanitize
from helpers.core.verdicts import Severity, Status

if TYPE_CHECKING:
    from helpers.core.model import Finding
    from helpers.exposure.records import LeakedSecret, Place
    from helpers.exposure.scan import JudgedScan

__all__ = ["to_table"]

_COLOURS: Final = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}
_WORDS: Final = {Status.MANUAL: "check yourself", Status.ERROR: "could not look"}
_SHOWN: Final = (Status.FAIL, *_WORDS)
_MOST_LINES: Final = 20  # secrets of a group; `--verbose` lists all


def to_table(result: JudgedScan, *, all_rules: bool, verbose: bool = False) -> str:
    """Return the groups, worst first, and a summary. Waived findings come last."""
    leaks = {leak.fingerprint: leak for leak in result.leaks}
    shown = sorted(
        (f for f in result.report.findings if f.status in _SHOWN), key=lambda f: _order(f, leaks)
    )
    lines: list[str] = []
    for _, group in groupby(shown, key=lambda f: _order(f, leaks)[:-1]):
        lines += [*_group(list(group), leaks, verbose=verbose), ""]
    return "\n".join([*lines, _summary(result, shown, all_rules=all_rules)])


def _order(finding: Finding, leaks: Mapping[str, LeakedSecret]) -> tuple[object, ...]:
    """Sort by what is urgent; findings that differ only in the last part are one group."""
    leak = leaks.get(finding.resource.key)
    return (
        finding.waiver is not None,
        finding.status,
        -finding.severity.rank,
        finding.check,
        leak.title if leak else finding.message,
        finding.remediation[:1],
        finding.resource.key,
    )


def _group(
    group: Sequence[Finding], leaks: Mapping[str, LeakedSecret], *, verbose: bool
) -> Iterator[str]:
    first = group[0]
    found = [leak for one in group if (leak := leaks.get(one.resource.key))]
    if not found:
        yield from _other(first)
        return
    folded = not verbose and all(leak.generic or leak.example_only for leak in found)
    yield _heading(first, found, folded=folded)
    if folded:
        return
    if len(group) == 1:
        yield f"    {sanitize(first.message)}"
    listed = found if verbose else found[:_MOST_LINES]
    for leak in listed:
        yield from _secret(leak, verbose=verbose)
    if len(listed) < len(found):
        yield f"  … and {len(found) - len(listed)} more (--verbose lists them)"
    if first.status is Status.FAIL and not first.waiver:
        yield from _steps(group)


def _heading(first: Finding, found: Sequence[LeakedSecret], *, folded: bool) -> str:
    title = sanitize(found[0].title)
    if found[0].configured_as:
        title += ", in use"
    count = "1 secret" if len(found) == 1 else f"{len(found)} secrets"
    text = f"{_label(first)}  {first.check}  {title}: {count}"
    if folded:
        where = sanitize(found[0].places[0].where)
        text += f", the first in {where} (--verbose lists all)"
    return text


def _label(finding: Finding) -> str:
    word = str(finding.severity) if finding.status is Status.FAIL else _WORDS[finding.status]
    waived = f", waived until {finding.waiver.expires}" if finding.waiver else ""
    waived += f" by {finding.waiver.origin}" if finding.waiver and finding.waiver.origin else ""
    colour = _COLOURS[finding.severity] if finding.status is Status.FAIL else "cyan"
    return click.style(f"{word}{waived}", fg=colour, bold=True)


def _secret(leak: LeakedSecret, *, verbose: bool) -> Iterator[str]:
    first, *others = leak.places
    variable = f"  {leak.configured_as}" if leak.configured_as else ""
    more = f"  +{leak.places_total - 1} places" if leak.places_total > 1 and not verbose else ""
    yield sanitize(f"  {leak.fingerprint}  {leak.shape}{variable}  {_place(first)}{more}")
    if verbose:
        yield from (sanitize(f"      {_place(place)}") for place in others)
        left_out = leak.places_total - len(leak.places)
        if left_out:
            yield f"      … and {left_out} more places"


def _place(place: Place) -> str:
    where = f"{place.where}:{place.line}" if place.line else place.where
    details = [str(place.kind)]
    if place.commit:
        details.append(f"commit {place.commit[:12]}")
    if place.first:
        details.append(f"since {place.first:%Y-%m-%d}")
    if place.gone:
        details.append(f"removed {place.gone:%Y-%m-%d}")
    if place.on_remote:
        details.append("on the remote")
    return f"{where} ({', '.join(details)})"


def _steps(group: Sequence[Finding]) -> Iterator[str]:
    """Yield the steps that every secret of the group needs."""
    common = [s for s in group[0].remediation if all(s in one.remediation for one in group)]
    for number, step in enumerate(common, 1):
        yield sanitize(f"    {number}. {step}")


def _other(finding: Finding) -> Iterator[str]:
    """Yield a finding that is about no secret, with its evidence and steps."""
    yield f"{_label(finding)}  {finding.check}  {sanitize(finding.resource.label)}"
    yield sanitize(f"    {finding.message}")
    for evidence in finding.evidence:
        yield sanitize(f"    - {evidence.where or '…'}  {evidence.what}")
    if finding.status is Status.FAIL and not finding.waiver:
        yield from _steps([finding])


def _summary(result: JudgedScan, shown: Sequence[Finding], *, all_rules: bool) -> str:
    searched = result.coverage
    secrets = [f for f in shown if f.resource.kind == "secret"]
    rules = "all" if all_rules else "Intercom's"
    exposed = "1 secret is exposed" if len(secrets) == 1 else f"{len(secrets)} secrets are exposed"
    text = (
        f"{exposed}{_counts(secrets)}. Searched with {rules} rules: {searched.objects} git objects,"
        f" {searched.files} files, {searched.repositories} repositories."
    )
    if searched.missed_total:
        text += f" {searched.missed_total} items were not searched."
    if searched.elsewhere_total:
        first = searched.elsewhere[0]
        text += sanitize(
            f" Links that lead out of the repository were not followed: {searched.elsewhere_total},"
            f" such as {first.where}, {first.reason}."
        )
    if searched.interrupted:
        text += " Interrupted: the rest was not searched; the next scan continues from here."
    return text


def _counts(secrets: Sequence[Finding]) -> str:
    counts = [(s, sum(f.severity is s for f in secrets)) for s in reversed(Severity)]
    listed = ", ".join(f"{count} {severity}" for severity, count in counts if count)
    return f" ({listed})" if listed else ""
