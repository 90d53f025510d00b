"""`report.md`: the report for a ticket, a pull request or a chat.

Everything from outside goes through `escape` or into a code span, so that it is never formatted or
linked and never mentions anybody by @name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from helpers.core.model import Baseline, CodeState, Evidence, Finding, Report, Status
from helpers.core.redaction import sanitize
from helpers.report.controls import DISCLAIMER
from helpers.report.incident import incident_of
from helpers.report.links import source_address
from helpers.report.phrases import (
    MARKS,
    change_sentence,
    coverage_sentence,
    headline,
    quiet_sentence,
    subject_facts,
    subject_line,
    verdict_sentence,
)
from helpers.report.summary import (
    ChecklistItem,
    NextStep,
    checklist,
    compliance,
    coverage,
    in_order,
    next_steps,
)

__all__ = ["code", "escape", "incident_block", "to_markdown"]

_QUIET: Final = (Status.PASS, Status.NOT_APPLICABLE)
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_FORMAT: Final = re.compile(r"([\\`*_{}\[\]#|~$!^=+])")
_MENTION: Final = re.compile(r"@(?=\w)")
_AUTOLINK: Final = re.compile(r":(?=//)|(?<=www)\.|(?<=\w)@(?=\w)")
_START: Final = re.compile(r"^(\d+)([.)])|^([-:])")


def to_markdown(report: Report) -> str:
    """The report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)) + "\n"


def escape(text: str) -> str:
    """The text as it is, on one line: no formatting, no link, no mention, no table cell."""
    said = sanitize(text).strip().translate(_ENTITIES)
    said = _FORMAT.sub(r"\\\1", said)
    said = _AUTOLINK.sub(lambda m: "&#58;" if m[0] == ":" else f"&#{ord(m[0])};&#8288;", said)
    said = _MENTION.sub("&#64;&#8288;", said)
    return _START.sub(lambda m: rf"{m[1]}\{m[2]}" if m[1] else rf"\{m[3]}", said)


def code(text: str) -> str:
    """The text in a code span whose fence is longer than any run of backticks in it."""
    if "|" in text:
        return escape(text)  # a pipe ends a table cell, even within a code span
    said = sanitize(text)
    fence = "`" * (max(map(len, re.findall("`+", said)), default=0) + 1)
    padding = " " if said.startswith("`") or said.endswith("`") or not said.strip() else ""
    return f"{fence}{padding}{said}{padding}{fence}"


def incident_block(report: Report) -> Iterator[str]:
    """The one thing that matters first, as GitHub's own kind of warning."""
    if not (incident := incident_of(report)):
        return
    yield "> [!CAUTION]"
    yield f"> **{escape(incident.title)}.** {escape(incident.sentence)}"
    yield ">"
    yield from (f"> {n}. {_coded(line)}" for n, line in enumerate(incident.contain, 1))
    yield ""


def _lines(report: Report) -> Iterator[str]:
    yield f"# Intercom security runbook: {escape(report.profile)}"
    yield ""
    if report.subject:
        yield from (escape(subject_line(report.subject)), "")
    yield from incident_block(report)
    said = (coverage_sentence(coverage(report)), verdict_sentence(report), change_sentence(report))
    yield f"**{headline(report)}** {' '.join(said)}"
    yield ""
    yield f"{report.generated_at:%Y-%m-%d %H:%M} UTC, runbook {report.tool_version}."
    yield from _missing(report)
    yield from _next(report)
    yield from ("", "## Checklist", "")
    rows = [(_item(item), item.title, _checks(item)) for item in checklist(report)]
    yield from _table(("verdict", "item", "checks"), rows)
    yield from _findings(report)
    yield from _fixed(report)
    yield from _compliance(report)
    yield from _subject(report)


def _missing(report: Report) -> Iterator[str]:
    missing = [s for s in report.steps if not s.completed]
    said = [f"**{escape(s.title)} is missing from this run.** {escape(s.reason)}" for s in missing]
    for line in (*said, *(escape(note) for note in report.notes)):
        yield from ("", f"> {line}")


def _next(report: Report) -> Iterator[str]:
    yield from ("", "## What to do next", "")
    steps = next_steps(report.findings)
    if not steps:
        yield "Nothing needs attention."
    for number, step in enumerate(steps, 1):
        yield f"{number}. **{escape(step.title)}** ({step.check}, {_urgency(step)})"
        about = dict.fromkeys(
            f"{escape(f.resource.label)}: {_coded(f.message)}" for f in step.findings
        )
        yield from (f"   - {line}" for line in about)
        if step.status is Status.FAIL or step.worst.is_history:
            yield from (f"   {n}. {_coded(line)}" for n, line in enumerate(step.remediation, 1))


def _urgency(step: NextStep) -> str:
    words = {Status.ERROR: "could not look", Status.MANUAL: "needs a person"}
    return words.get(step.status) or f"{step.worst.severity}, fix takes {step.worst.effort}"


def _coded(line: str) -> str:
    """Our own remediation puts commands and names between backticks."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return escape(line)
    return "".join(code(part) if index % 2 else _inner(part) for index, part in enumerate(parts))


def _inner(part: str) -> str:
    """An escaped part of a line, with the spaces at its ends."""
    before, after = part[:1].isspace(), part[-1:].isspace()
    return f"{' ' * before}{escape(part)}{' ' * (after and len(part) > 1)}"


def _item(item: ChecklistItem) -> str:
    if item.status is None:
        return "– not checked"
    said = f"{MARKS[item.status]} {item.status.replace('_', ' ')}"
    return f"{said}, waived" if item.waived else said


def _checks(item: ChecklistItem) -> str:
    return ", ".join(sorted({f.check for f in item.findings})) or "none in this run"


def _findings(report: Report) -> Iterator[str]:
    titles = {step.step: step.title for step in report.steps}
    names = dict.fromkeys([*titles, *(f.step for f in report.findings)])
    for name in names:
        found = in_order(f for f in report.findings if f.step == name)
        loud = [f for f in found if f.status not in _QUIET]
        yield from ("", f"## {escape(titles.get(name, name.capitalize()))}", "")
        if loud:
            columns = ("verdict", "check", "about", "what was seen")
            repository = report.subject.repository if report.subject else None
            yield from _table(columns, [_row(finding, repository) for finding in loud])
        said = quiet_sentence(found) or ("" if loud else "Nothing to judge")
        if said:
            yield from ("", f"{said}.") if loud else (f"{said}.",)


def _row(finding: Finding, repository: CodeState | None) -> Sequence[str]:
    seen = [_coded(finding.message)]
    seen += [f"{escape(e.what)} {_where(e, repository)}".strip() for e in finding.evidence]
    if finding.waiver:
        waiver = finding.waiver
        origin = f" (from {waiver.origin})" if waiver.origin else ""
        said = f"{waiver.owner} until {waiver.expires}: {waiver.reason}{origin}"
        seen.append(f"**Waived** by {escape(said)}")
    return _verdict(finding), finding.check, code(finding.resource.label), "<br>".join(seen)


def _where(evidence: Evidence, repository: CodeState | None) -> str:
    if not evidence.where:
        return ""
    shown = code(evidence.where)
    address = source_address(repository, evidence.place)
    return f"[{shown}]({address})" if address else shown


def _verdict(finding: Finding) -> str:
    said = f"{MARKS[finding.status]} {finding.status}"
    if finding.status is not Status.FAIL:
        return said
    marks = {Baseline.NEW: ", new", Baseline.REGRESSED: ", regressed"}
    mark = marks.get(finding.baseline, "") if finding.baseline else ""
    return f"{said} {finding.severity}{mark}{', waived' if finding.waiver else ''}"


def _fixed(report: Report) -> Iterator[str]:
    if report.fixed:
        yield from ("", "## Fixed since the previous run", "")
        rows = [(f.check, code(f.resource.label), escape(f.title)) for f in report.fixed]
        yield from _table(("check", "about", "what was fixed"), rows)


def _compliance(report: Report) -> Iterator[str]:
    yield from ("", "## Compliance view", "", DISCLAIMER)
    for framework, rows in compliance(report):
        yield from ("", f"### {framework.name}", "")
        cells = [
            (r.control, r.name, ", ".join(f"{MARKS[s]} {check}" for check, s in r.checks))
            for r in rows
        ]
        yield from _table(
            ("control", "about", "checks"), [(*c[:2], c[2] or "no check") for c in cells]
        )


def _subject(report: Report) -> Iterator[str]:
    if report.subject:
        yield from ("", "## What was audited", "")
        yield from _table(("", ""), [(label, escape(v)) for label, v in subject_facts(report)])


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
