"""A report as notebooks and the terminal show it: findings, next steps, coverage, checklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup

from helpers.core.model import Baseline, Finding, Report, Severity, Status
from helpers.core.redaction import sanitize
from helpers.core.view import Tone, View, folded, prose, stack, table, tag, with_code
from helpers.report.controls import DISCLAIMER
from helpers.report.phrases import MARKS, coverage_sentence, headline
from helpers.report.summary import (
    Blocked,
    CheckGroup,
    ChecklistItem,
    NextStep,
    blocked,
    checklist,
    compliance,
    coverage,
    failing_checks,
    in_order,
    next_steps,
)

__all__ = [
    "checklist_view",
    "compliance_view",
    "coverage_view",
    "findings_table",
    "fixed_view",
    "item_label",
    "next_steps_view",
    "verdict_label",
    "verdicts_view",
]

_QUIET: Final = (Status.PASS, Status.NOT_APPLICABLE)
_COLUMNS: Final = ("verdict", "check", "about", "what was seen")


def findings_table(findings: Sequence[Finding]) -> View:
    """The verdicts, the urgent ones first, and below them what to do about them.

    A check that passes takes one line, which counts its resources.
    """
    ordered = in_order(findings)
    loud = [_row(f) for f in ordered if f.status not in _QUIET]
    quiet = _quiet_rows([f for f in ordered if f.status in _QUIET])
    verdicts = table(_COLUMNS, [*loud, *quiet], empty="No check has reached a verdict.")
    return stack(verdicts, next_steps_view(findings)) if loud else verdicts


_OPEN: Final = 3  # the first failures are open, the rest folded
_TONES: Final = {
    Severity.CRITICAL: Tone.BAD,
    Severity.HIGH: Tone.BAD,
    Severity.MEDIUM: Tone.WARN,
}
_CARD: Final = Markup(
    '<details{} style="border:1px solid #8884;border-radius:6px;padding:.3em .8em;margin:.4em 0">'
    "<summary>{} <strong>{}</strong> {}</summary>{}</details>"
)


def verdicts_view(findings: Sequence[Finding]) -> View:
    """The verdicts as cards, worst first: what is wrong, where it was seen, and the fix.

    The first failures are open. One cause that blocks several checks is one card. What passes is
    folded at the end. As text it is the table of verdicts.
    """
    failing, waiting = failing_checks(findings), blocked(findings)
    cards = [_failure(group, is_open=i < _OPEN) for i, group in enumerate(failing)]
    cards.extend(map(_cause, waiting))
    waived = [_row(f) for f in in_order(findings) if f.waiver]
    if waived:
        cards.append(folded(f"{len(waived)} waived", table(_COLUMNS, waived, empty="")).html)
    calm = [f for f in in_order(findings) if f.status in _QUIET and not f.waiver]
    if calm:
        rows = _quiet_rows(calm)
        cards.append(folded(f"{len(rows)} checks pass or do not apply", _quiet_table(rows)).html)
    said = _counted(failing, waiting)
    html = Markup("<p><strong>{}</strong></p>{}").format(said, Markup("").join(cards))
    return View(html, f"{said}\n\n{findings_table(findings).text}")


def _quiet_table(rows: Sequence[Sequence[object]]) -> View:
    return table(_COLUMNS, rows, empty="")


def _counted(failing: Sequence[CheckGroup], waiting: Sequence[Blocked]) -> str:
    wait = len({check for cause in waiting for check in cause.checks})
    fails = f"{len(failing)} check{'s fail' if len(failing) != 1 else ' fails'}"
    rest = f", {wait} could not be judged" if wait else ""
    return f"{fails if failing else 'No check fails'}{rest}."


def _failure(group: CheckGroup, *, is_open: bool) -> Markup:
    worst, rows = group.worst, [(f.resource.label, f.message) for f in group.findings]
    fix = Markup("").join(Markup("<li>{}</li>").format(_code(line)) for line in group.remediation)
    what = table(("where", "what was seen"), rows, empty="").html
    more = f", {len(rows)} findings" if len(rows) > 1 else ""
    return _CARD.format(
        Markup(" open") if is_open else "",
        tag(f"{MARKS[Status.FAIL]} {worst.severity}", _TONES.get(worst.severity, Tone.NOTE)),
        sanitize(worst.heading),
        f"{group.check}{more}",
        what + Markup("<p><strong>Fix</strong></p><ol>{}</ol>").format(fix),
    )


def _cause(cause: Blocked) -> Markup:
    lines = ((f.check, f.resource.label, f.title) for f in cause.findings)
    fix = dict.fromkeys(line for f in cause.findings for line in f.remediation)
    steps = Markup("").join(Markup("<li>{}</li>").format(_code(line)) for line in fix)
    return _CARD.format(
        "",
        tag("? not judged" if cause.status is Status.ERROR else "needs a person", Tone.NOTE),
        _code(cause.cause),
        f"blocks {', '.join(cause.checks)}",
        table(("check", "about", "title"), lines, empty="").html
        + (Markup("<ul>{}</ul>").format(steps) if steps else Markup("")),
    )


def _code(line: str) -> Markup:
    return with_code(sanitize(line))


def next_steps_view(findings: Sequence[Finding]) -> View:
    """What to do next, most urgent first, one step per line."""
    steps = next_steps(findings)
    if not steps:
        return prose("Nothing needs attention.")
    items = Markup("").join(_step_html(step) for step in steps)
    lines = [line for number, step in enumerate(steps, 1) for line in _step_text(number, step)]
    html = Markup("<p><strong>What to do next</strong></p><ol>{}</ol>").format(items)
    return View(html, "\n".join(("What to do next", *lines)))


def coverage_view(report: Report) -> View:
    """The headline: how many checks were judged, need a person, could not look."""
    found = f"{headline(report)} {coverage_sentence(coverage(report))}"
    failures = ", ".join(f"{n} {severity}" for severity, n in report.failures().items() if n)
    html = Markup("<p><strong>{}</strong></p><p>{}</p>")
    detail = f"Failing findings: {failures or 'none'}."
    missing = [sanitize(step.title) for step in report.steps if not step.completed]
    if missing:
        detail += f" Missing from this run: {', '.join(missing)}."
    return View(html.format(found, detail), f"{found}\n{detail}")


def compliance_view(report: Report) -> View:
    """Each framework's controls, with the checks that cover them or without any."""
    views: list[View] = [prose(DISCLAIMER)]
    for framework, rows in compliance(report):
        cells = [
            (row.control, row.name, ", ".join(f"{MARKS[s]} {check}" for check, s in row.checks))
            for row in rows
        ]
        filled = [(control, name, checks or "no check") for control, name, checks in cells]
        title = Markup("<p><strong>{}</strong></p>").format(framework.name)
        views.append(View(title, framework.name))
        views.append(table(("control", "about", "checks"), filled, empty="No control."))
    return stack(*views)


def fixed_view(report: Report) -> View:
    """What failed in the previous run and is fixed now."""
    if report.compared_with is None:
        return prose("There is no earlier run to compare with.")
    rows = [(f.check, f.resource.label, f.title) for f in report.fixed]
    return table(
        ("check", "about", "title"), rows, empty="Nothing was fixed since the previous run."
    )


def verdict_label(finding: Finding) -> str:
    """`✗ FAIL high, regressed, waived`: the verdict and its qualifiers."""
    parts = [f"{MARKS[finding.status]} {finding.status.replace('_', ' ')}"]
    if finding.status is Status.FAIL:
        parts[0] += f" {finding.severity}"
    if finding.baseline in (Baseline.NEW, Baseline.REGRESSED) and finding.status is Status.FAIL:
        parts.append(str(finding.baseline))
    if finding.baseline is Baseline.FIXED:
        parts.append("fixed")
    if finding.waiver:
        parts.append("waived")
    return ", ".join(parts)


def _row(finding: Finding) -> tuple[str, str, str, str]:
    seen = finding.message
    if finding.waiver:
        w = finding.waiver
        origin = f" (from {w.origin})" if w.origin else ""
        seen += f" Waived by {w.owner} until {w.expires}: {w.reason}{origin}"
    return verdict_label(finding), finding.check, finding.resource.label, seen


def _quiet_rows(findings: Sequence[Finding]) -> list[tuple[str, str, str, str]]:
    groups: dict[tuple[Status, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.status, finding.check), []).append(finding)
    return [_quiet_row(found) for found in groups.values()]


def _quiet_row(found: Sequence[Finding]) -> tuple[str, str, str, str]:
    if len(found) == 1:
        return _row(found[0])
    first = found[0]
    return verdict_label(first), first.check, f"{len(found)} resources", first.heading


def _about(step: NextStep) -> str:
    labels = list(dict.fromkeys(sanitize(f.resource.label) for f in step.findings))
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""  # noqa: PLR2004 (a short line)
    return ", ".join(labels[:3]) + more


def _urgency(step: NextStep) -> str:
    if step.status is Status.FAIL:
        return Severity(step.worst.severity).value
    return "could not look" if step.status is Status.ERROR else "needs a person"


def _lines(step: NextStep) -> tuple[str, ...]:
    told = step.status is Status.FAIL or step.worst.is_history
    lines = step.remediation if told else (step.worst.message,)
    return tuple(map(sanitize, lines))


def _step_html(step: NextStep) -> Markup:
    todo = Markup("").join(Markup("<li>{}</li>").format(with_code(line)) for line in _lines(step))
    return Markup("<li><strong>{}</strong> ({}, {}): {}<ul>{}</ul></li>").format(
        sanitize(step.title), step.check, _urgency(step), _about(step), todo
    )


def _step_text(number: int, step: NextStep) -> Iterable[str]:
    yield f"{number}. {sanitize(step.title)} ({step.check}, {_urgency(step)}): {_about(step)}"
    yield from (f"   - {line}" for line in _lines(step))


def checklist_view(report: Report) -> View:
    """Each item with its verdict and the checks behind it."""
    rows = [(item_label(item), item.title, _checks(item)) for item in checklist(report)]
    return table(("verdict", "item", "checks"), rows, empty="The checklist is empty.")


def item_label(item: ChecklistItem) -> str:
    """The verdict; a waived failure says so."""
    if item.status is None:
        return "– not checked"
    words = f"{MARKS[item.status]} {item.status.replace('_', ' ')}"
    return f"{words}, waived" if item.waived else words


def _checks(item: ChecklistItem) -> str:
    return ", ".join(sorted({finding.check for finding in item.findings})) or "none in this run"
