"""Findings as notebooks and terminals show them."""

from __future__ import annotations

import re

import pytest

from helpers.core.model import Severity, Status
from helpers.report.views import (
    checklist_view,
    compliance_view,
    coverage_view,
    findings_table,
    fixed_view,
    next_steps_view,
    verdict_label,
)
from tests.report.samples import HOSTILE, finding, full_report, hostile_report, report


def test_coverage_is_the_first_thing_said_and_missing_steps_are_named() -> None:
    said = coverage_view(full_report()).text
    assert said.startswith("4 of 5 checks fail. ")
    assert "Missing from this run: Audit log." in said


def test_failures_come_first_and_what_is_fine_takes_one_line_a_check() -> None:
    passes = [
        finding("ENV-002", Status.PASS, finding().resource.model_copy(update={"key": str(n)}))
        for n in range(5)
    ]
    lines = findings_table([*passes, finding()]).text.splitlines()
    assert lines[2].startswith("✗ FAIL high")
    assert "5 resources" in lines[3]


def test_what_to_do_is_numbered_most_urgent_first() -> None:
    low = finding("ENV-002", severity=Severity.LOW, title="Later")
    said = next_steps_view([low, finding(title="At once", severity=Severity.CRITICAL)]).text
    assert said.index("1. At once") < said.index("2. Later")


def test_nothing_to_do_is_said() -> None:
    assert next_steps_view([]).text == "Nothing needs attention."


def test_a_label_shows_severity_comparison_and_waiver() -> None:
    labels = {f.check: verdict_label(f) for f in full_report().findings}
    assert labels["EXP-002"] == "✗ FAIL critical, new"
    assert labels["SCP-002"] == "✗ FAIL low, regressed"
    assert labels["ENV-007"] == "✗ FAIL medium, waived"
    assert labels["ACC-001"] == "– NOT APPLICABLE"


def test_the_checklist_shows_each_verdict_and_a_waiver_beside_it() -> None:
    said = checklist_view(full_report()).text
    assert re.search(r"✗ FAIL, waived +Keys differ per environment +ENV-007", said)
    assert "not checked" in checklist_view(report()).text


def test_the_fixed_view_lists_fixes_or_says_there_is_no_earlier_run() -> None:
    assert "ENV-003" in fixed_view(full_report()).text
    assert fixed_view(report()).text == "There is no earlier run to compare with."


def test_controls_without_a_check_stand_in_the_compliance_view() -> None:
    said = compliance_view(full_report()).text
    assert re.search(r"SOC 2 CC6\.2 +registering and authorising users +no check", said)


def _elements(html: str) -> list[str]:
    return re.findall(r"<(?!/?code>)[a-z/]+", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_in_html_and_on_a_terminal(text: str) -> None:
    made = hostile_report(text)
    calm = hostile_report("calm")
    for view in (lambda r: findings_table(r.findings), coverage_view, fixed_view, checklist_view):
        html, plain = str(view(made).html), str(view(calm).html)
        # backticks may become code, whose content is escaped; nothing else makes an element
        assert _elements(html) == _elements(plain)
        assert not set("\x1b\x9b\u202e") & set(view(made).text + html)
