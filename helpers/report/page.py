"""`report.html`: one file, dark and light, readable without a script, no request to anywhere.

Every value passes through `sanitize` and autoescape. The page's own policy (CSP) forbids every
load and every script but the text search, which it names by hash, so that even a mistake here could
not run content of a workspace.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from helpers.core.model import Finding, Report, Status
from helpers.core.redaction import sanitize
from helpers.core.view import with_code
from helpers.report import summary
from helpers.report.attack_path import attack_path
from helpers.report.controls import DISCLAIMER
from helpers.report.figures import Figures, bar, donut, stacked
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
from helpers.report.summary import coverage
from helpers.report.trend import trend_figure, trend_of

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["to_html"]

_SHOWN: Final = (Status.FAIL, Status.ERROR, Status.MANUAL, Status.PASS, Status.NOT_APPLICABLE)


def to_html(report: Report, figures: Figures = MappingProxyType({})) -> str:
    """The report as one self-contained page, with the figures of its steps."""
    template = _environment().get_template("report.html")
    incident = incident_of(report)
    folded = incident.fingerprints if incident else frozenset()
    found = coverage(report)
    failing = summary.failing_checks(report.findings, folded)
    page = template.render(
        report=report,
        subject=subject_line(report.subject) if report.subject else "",
        subject_facts=list(subject_facts(report)),
        incident=incident,
        coverage=found,
        headline=headline(report),
        coverage_sentence=coverage_sentence(found),
        verdict_sentence=verdict_sentence(report),
        change_sentence=change_sentence(report),
        trend=trend_of(report),
        failures=report.failures(),
        checklist=summary.checklist(report),
        groups_failing=failing,
        waiting=summary.blocked(report.findings, folded),
        groups=summary.step_groups(report),
        targets=_targets(report, failing),
        branches=attack_path(report),
        figures=figures,
        waived=[f for f in report.findings if f.waiver],
        frameworks=summary.compliance(report),
        disclaimer=DISCLAIMER,
        script=Markup(_script()),  # noqa: S704 (our own file)
        script_hash=b64encode(sha256(_script().encode()).digest()).decode(),
    )
    return page + "\n"


def _targets(report: Report, failing: Iterable[summary.CheckGroup]) -> Mapping[str, str]:
    """Where each check stands on the page: its card, or the anchor of its first finding."""
    first = {f.check: _anchor(f) for f in reversed(summary.in_order(report.findings))}
    return {**first, **{group.check: f"c-{group.check}" for group in failing}}


@cache
def _script() -> str:
    """The text search; the page can be read without it."""
    return files("helpers.report").joinpath("templates", "find.js").read_text("utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("helpers.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        when=_when, day=_day, colour=_colour, words=_words, quiet=quiet_sentence, coded=_coded
    )
    environment.globals.update(
        donut=donut,
        bar=bar,
        steps_bar=_steps_bar,
        verdict=_verdict,
        link=_link,
        source_address=source_address,
        trend_figure=trend_figure,
        anchor=_anchor,
        marks=MARKS,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Spell out invisible characters; our own markup passes unchanged."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return sanitize(str(value))
    return value


def _when(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _words(status: Status | None) -> str:
    return status.replace("_", " ").lower() if status else "not checked"


def _colour(finding: Finding) -> str:
    """The class that colours a finding: its severity where it fails, else its verdict."""
    return finding.severity if finding.status is Status.FAIL else _verdict(finding.status)


def _verdict(status: Status | None) -> str:
    return {None: "na", Status.NOT_APPLICABLE: "na"}.get(status) or str(status).lower()


def _steps_bar(group: summary.StepGroup) -> Any:
    return stacked([(status, group.count(status)) for status in _SHOWN])


def _coded(line: str) -> Markup:
    """Our own remediation puts commands and names between backticks."""
    return with_code(sanitize(line))


def _anchor(finding: Finding) -> str:
    return "f-" + re.sub(r"[^0-9a-f]", "", finding.fingerprint.removeprefix("v1:"))[:12]


def _link(reference: str) -> bool:
    """True for an address that may become a link."""
    return reference.startswith("https://")
