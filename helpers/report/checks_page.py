"""`docs/CHECKS.md`: the catalog as a page, made from the code, which it therefore agrees with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from helpers.core import catalog
from helpers.core.catalog import CHECKLIST, Check
from helpers.core.model import Status
from helpers.core.steps import STEPS
from helpers.report.controls import DISCLAIMER

__all__ = ["checks_page", "heading_lines"]

_HEAD: Final = """\
# Checks

Made by `runbook checks --format markdown`; a test holds it to the code. Ids never change their
meaning. Each check says what leads to each verdict. `ERROR` and `MANUAL` are never a pass: the
runbook could not look, or a person has to."""


def checks_page(checks: Sequence[Check] | None = None) -> str:
    """The page; without an argument of all checks there are."""
    return "\n".join(_lines(catalog.load() if checks is None else checks)) + "\n"


@cache
def heading_lines() -> Mapping[str, int]:
    """The line, from 1, of each check's heading in the page."""
    numbered = enumerate(checks_page().splitlines(), 1)
    return {line[4:].split(" ", 1)[0]: n for n, line in numbered if line.startswith("### ")}


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    yield _HEAD
    yield ""
    yield DISCLAIMER
    for name, title in _groups(checks):
        mine = [check for check in checks if check.step == name]
        yield from ("", f"## {title}", "")
        yield from ("| Check | Severity | What it says when it passes |", "|---|---|---|")
        yield from (f"| [{c.id}](#{_anchor(c)}) | {c.severity} | {c.title} |" for c in mine)
        for check in mine:
            yield from _entry(check)


def _groups(checks: Iterable[Check]) -> Iterator[tuple[str, str]]:
    named = {step.name: step.title for step in STEPS}
    for name in dict.fromkeys([*named, *sorted({check.step for check in checks} - set(named))]):
        if any(check.step == name for check in checks):
            yield name, named.get(name, name.capitalize())


def _anchor(check: Check) -> str:
    """The anchor that GitHub gives to the check's heading."""
    kept = (c for c in f"{check.id} {check.title}".lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


def _entry(check: Check) -> Iterator[str]:
    yield from ("", f"### {check.id} {check.title}", "")
    yield check.rationale
    yield ""
    severity = check.severity.capitalize()
    yield f"{severity} severity, {check.confidence} confidence, {check.effort} to mend."
    if check.checklist:
        yield f"It bears on the checklist's item “{CHECKLIST[check.checklist]}”."
    yield from ("", "| Verdict | When |", "|---|---|")
    yield from (
        f"| `{status}` | {_cell(check.verdicts[status])} |"
        for status in Status
        if status in check.verdicts
    )
    yield ""
    yield from (f"{number}. {line}" for number, line in enumerate(check.remediation, 1))
    if check.controls:
        yield from ("", f"Controls: {', '.join(check.controls)}.")
    if check.references:
        yield ""
        yield from (f"- <{reference}>" for reference in check.references)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
