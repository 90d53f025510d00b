"""Figures of the HTML report: inline SVG, coloured by the page's own style sheet.

The charts take numbers and fixed words only; each has a title for screen readers. A step may
register a figure of its own (`Step.figure`), which is drawn again from the run's snapshot whenever
the page is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup
from pydantic import ValidationError

from helpers.core.model import Status
from helpers.core.steps import STEPS
from helpers.report.build import read_snapshot
from helpers.report.summary import CoverageSummary

__all__ = ["Figures", "bar", "donut", "figures_of", "stacked"]

_GAP = 1.2  # hundredths of the ring between two segments


def donut(found: CoverageSummary) -> Markup:
    """The coverage as a ring: checks judged and checks not judged."""
    parts = [(name, number) for name, number in _parts(found) if number]
    segments = Markup("").join(_segments(parts))
    return Markup(
        '<svg class="donut" viewBox="0 0 120 120" role="img"><title>{}</title>'
        '<circle class="ring" cx="60" cy="60" r="50"/>{}'
        '<text x="60" y="62" class="figure">{}</text><text x="60" y="80" class="of">of {}</text>'
        "</svg>"
    ).format(found.headline, segments, found.judged, found.total)


def bar(part: int, whole: int, name: str) -> Markup:
    """One bar, filled by `part` of `whole`, in the colour called `name`."""
    width = 100 * part / whole if whole else 0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/><rect class="c-{}" width="{}" height="8"/>'
        "</svg>"
    ).format(name, f"{width:.4g}")


def stacked(counts: Sequence[tuple[Status, int]]) -> Markup:
    """A bar of several statuses side by side, each by its share."""
    total = sum(number for _, number in counts)
    rects = Markup("").join(_rects(counts, total))
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/>{}</svg>'
    ).format(rects)


def _parts(found: CoverageSummary) -> Iterator[tuple[str, int]]:
    yield "pass", found.passing
    yield "fail", found.failing
    yield "manual", found.need_a_person
    yield "error", found.could_not_look
    yield "na", found.not_applicable


def _segments(parts: Sequence[tuple[str, int]]) -> Iterator[Markup]:
    total = sum(number for _, number in parts)
    gap = _GAP if len(parts) > 1 else 0
    start = 0.0
    for name, number in parts:
        share = 100 * number / total
        yield Markup(
            '<circle class="c-{}" cx="60" cy="60" r="50" pathLength="100"'
            ' stroke-dasharray="{} 100" stroke-dashoffset="{}"/>'
        ).format(name, f"{max(share - gap, 0.4):.4g}", f"{-start:.4g}")
        start += share


def _rects(counts: Sequence[tuple[Status, int]], total: int) -> Iterator[Markup]:
    start = 0.0
    for status, number in counts:
        width = 100 * number / total if total else 0
        if width:
            yield Markup('<rect class="c-{}" x="{}" width="{}" height="8"/>').format(
                _COLOURS[status], f"{start:.4g}", f"{width:.4g}"
            )
        start += width


_COLOURS = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.MANUAL: "manual",
    Status.ERROR: "error",
    Status.NOT_APPLICABLE: "na",
}


Figures = Mapping[str, Markup]  # by the name of the step


def figures_of(run: Path) -> Figures:
    """The figure of each step that has one; none where its snapshot is missing or damaged."""
    return dict(_figures(run))


def _figures(run: Path) -> Iterator[tuple[str, Markup]]:
    for step in STEPS:
        if not step.figure:
            continue
        try:
            facts = read_snapshot(run, step).facts
        except (OSError, ValidationError):
            continue
        figure: Markup = step.load("figure")(facts)
        if figure:
            yield step.name, figure
