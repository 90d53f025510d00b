"""Judge a finished run again: the same findings on the same terms, or others on others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.core.model import Finding, Report
from helpers.core.policy import Policy
from helpers.core.waivers import Waiver
from helpers.report.build import build_report
from helpers.report.folder import load_report, load_terms

__all__ = ["judge_again"]


def judge_again(
    run: Path, *, policy: Policy | None = None, waivers: Sequence[Waiver] | None = None
) -> Report:
    """The report of a run folder, judged anew; what is None stays as the run had it.

    The comparison with the run before is the one that was drawn then: history has gone on since.
    Raises UsageError where the folder is no finished run.
    """
    terms, saved = load_terms(run), load_report(run)
    changes = {"policy": policy, "waivers": None if waivers is None else tuple(waivers)}
    kept = {name: value for name, value in changes.items() if value is not None}
    report = build_report(run, terms.model_copy(update=kept))
    drawn = {finding.fingerprint: finding for finding in saved.findings}
    return report.model_copy(
        update={
            "findings": tuple(
                _as_drawn(finding, drawn.get(finding.fingerprint)) for finding in report.findings
            ),
            "fixed": saved.fixed,
            "compared_with": saved.compared_with,
            "notes": saved.notes,
        }
    )


def _as_drawn(finding: Finding, saved: Finding | None) -> Finding:
    """With the saved mark where the verdict is the saved one; another verdict has none."""
    if saved is None or saved.status is not finding.status:
        return finding
    return finding.model_copy(update={"baseline": saved.baseline, "since": saved.since})
