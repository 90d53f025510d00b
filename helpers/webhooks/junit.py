"""A battery's result as JUnit XML: what CI systems show as a list of tests."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from helpers.core.visible import visible
from helpers.webhooks.records import BatteryResult, CaseResult, Outcome

__all__ = ["junit_xml"]

_ELEMENTS: Final = {
    Outcome.FAIL: "failure",
    Outcome.INCONCLUSIVE: "error",
    Outcome.SKIPPED: "skipped",
}


def junit_xml(result: BatteryResult) -> str:
    """One suite, a test a case. INCONCLUSIVE is an error: the receiver could not be judged."""
    failures, errors = result.count(Outcome.FAIL), result.count(Outcome.INCONCLUSIVE)
    suite = (
        f"<testsuite name={_attribute(f'Webhook receiver {result.receiver}')} "
        f'tests="{len(result.cases)}" failures="{failures}" errors="{errors}" '
        f'skipped="{result.count(Outcome.SKIPPED)}">'
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", suite]
    lines += [_case(result.scheme, case) for case in result.cases]
    return "\n".join([*lines, "</testsuite>", "</testsuites>"]) + "\n"


def _case(scheme: str, case: CaseResult) -> str:
    name = _attribute(f"{case.id} {case.title}")
    opening = f'<testcase classname="intercom.{scheme}" name={name}'
    element = _ELEMENTS.get(case.outcome)
    if element is None:
        return f"{opening}/>"
    message = _attribute(f"{case.severity}: {case.observed}")
    return f"{opening}><{element} message={message}>{_text(case)}</{element}></testcase>"


def _text(case: CaseResult) -> str:
    lines = [case.sent, case.consequence, *case.fix]
    for variant in case.failing:
        lines += [f"{variant.name}: {variant.observed}", variant.curl]
    return "\n".join(escape(visible(line)) for line in lines if line)


def _attribute(text: str) -> str:
    return quoteattr(visible(text))
