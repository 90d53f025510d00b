"""The summary of a job on GitHub: the answer, what changed, and what to do first.

`runbook report latest --format github >> "$GITHUB_STEP_SUMMARY"`. GitHub shows up to 1 MiB a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from helpers.core.model import Report, Status
from helpers.report.markdown import code, escape, incident_block
from helpers.report.phrases import (
    MARKS,
    change_sentence,
    coverage_sentence,
    headline,
    subject_line,
    verdict_sentence,
)
from helpers.report.summary import coverage, failing_checks, next_steps

__all__ = ["to_github"]

_SHOWN: Final = 20
_LARGEST: Final = 1 << 20  # bytes; https://docs.github.com/actions, "Adding a job summary"


def to_github(report: Report) -> str:
    """The summary as GitHub-flavoured Markdown, never larger than GitHub takes."""
    text = "\n".join(_lines(report)) + "\n"
    if len(text.encode()) <= _LARGEST:
        return text
    return f"## {headline(report)}\n\nThe summary is too large: see the report.\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {headline(report)}"
    yield ""
    if report.subject:
        yield from (escape(subject_line(report.subject)), "")
    yield from incident_block(report)
    yield f"{verdict_sentence(report)} {change_sentence(report)}"
    yield ""
    yield coverage_sentence(coverage(report))
    yield from _failing(report)
    yield from _waiting(report)
    yield from ("", "The whole report is in the run's artefacts: `report.html`.")


def _failing(report: Report) -> Iterator[str]:
    groups = failing_checks(report.findings)
    if not groups:
        return
    yield from ("", "| severity | check | what is wrong | where |", "|---|---|---|---|")
    for group in groups[:_SHOWN]:
        worst, new = group.worst, " **new**" if group.is_new else ""
        more = f" and {len(group.findings) - 1} more" if len(group.findings) > 1 else ""
        about = f"{code(worst.resource.label)}{more}"
        yield f"| {worst.severity}{new} | {group.check} | {escape(worst.heading)} | {about} |"
    if len(groups) > _SHOWN:
        yield from ("", f"{len(groups) - _SHOWN} more checks fail.")


def _waiting(report: Report) -> Iterator[str]:
    steps = [s for s in next_steps(report.findings) if s.status is not Status.FAIL]
    if not steps:
        return
    yield from ("", "<details><summary>What was not judged, or needs a person</summary>", "")
    for step in steps[:_SHOWN]:
        yield f"- {MARKS[step.status]} {escape(step.title)} ({step.check})"
    if len(steps) > _SHOWN:
        yield f"- {len(steps) - _SHOWN} more"
    yield from ("", "</details>")
