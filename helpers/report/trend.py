"""How a workspace develops: failures of the last runs, how old what is open is, what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from markupsafe import Markup

from helpers.core.model import Finding, PastRun, Report, Severity

__all__ = ["Trend", "trend_figure", "trend_of"]

_WIDTH, _HEIGHT, _COLUMN = 720, 120, 60  # pixels
_MOST_RUNS: Final = _WIDTH // _COLUMN
_LABEL: Final = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>')


@dataclass(frozen=True)
class Trend:
    """The last runs, the oldest first; ages in days of the failures whose first run is known."""

    runs: tuple[PastRun, ...]
    median_age: int | None
    overdue: tuple[Finding, ...]


def trend_of(report: Report) -> Trend:
    """The trend up to this report. Without an earlier run, it has one run."""
    now = PastRun(at=report.generated_at, failures=dict(report.failures()))
    open_ones = [f for f in report.findings if f.failing and f.since]
    ages = [_age(f, report) for f in open_ones]
    return Trend(
        runs=(*report.past, now)[-_MOST_RUNS:],
        median_age=round(median(ages)) if ages else None,
        overdue=tuple(f for f in open_ones if _age(f, report) > report.fix_days.get(f.severity, 0)),
    )


def trend_figure(runs: Sequence[PastRun]) -> Markup:
    """A column for each run, stacked by severity, with its total above and its day below."""
    most = max((run.total for run in runs), default=0) or 1
    columns = Markup("").join(_column(i, run, most) for i, run in enumerate(runs))
    first, last = runs[0], runs[-1]
    title = f"Failures in {len(runs)} runs: {first.total} at first, {last.total} at last"
    return Markup(
        '<svg class="trend" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>'
    ).format(_WIDTH, _HEIGHT + 40, title, columns)


def _age(finding: Finding, report: Report) -> int:
    return (report.generated_at - finding.since).days if finding.since else 0


def _column(number: int, run: PastRun, most: int) -> Markup:
    x, y = number * _COLUMN + 12, float(_HEIGHT + 18)
    rects = Markup("")
    for severity in Severity:  # the worst on top
        height = _HEIGHT * run.failures.get(severity, 0) / most
        y -= height
        if height:
            rects += Markup('<rect class="c-{}" x="{}" y="{}" width="36" height="{}"/>').format(
                severity, x, f"{y:.4g}", f"{height:.4g}"
            )
    day = f"{run.at.day} {run.at:%b}"
    labels = _LABEL.format(x + 18, f"{y - 4:.4g}", run.total)
    return rects + labels + _LABEL.format(x + 18, _HEIGHT + 34, day)
