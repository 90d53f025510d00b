"""The webhook step, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from helpers.core.model import Known, Unavailable
from helpers.core.view import View, prose, stack, table
from helpers.webhooks.records import BatteryResult, CaseResult, Outcome, WebhookFacts

__all__ = ["act", "cases", "failures", "notes", "overview", "verifier"]

_COLOURS: Final = {
    Outcome.PASS: "#2da44e",
    Outcome.NOTE: "#bf8700",
    Outcome.FAIL: "#cf222e",
    Outcome.INCONCLUSIVE: "#8250df",
    Outcome.SKIPPED: "#8c959f",
}
_WORDS: Final = {
    Outcome.PASS: "ok",
    Outcome.NOTE: "note",
    Outcome.FAIL: "FAIL",
    Outcome.INCONCLUSIVE: "says nothing",
    Outcome.SKIPPED: "left out",
}
_GROUPS: Final = {
    "A": "genuine",
    "R": "forged",
    "E": "malformed",
    "L": "leaks",
    "P": "service",
    "O": "rotation",
}
_CELL: Final = 16  # side of a square, in pixels
_LABEL: Final = 84  # width of the names of groups, in pixels


def overview(facts: WebhookFacts) -> View:
    """The secret, the receiver, and how it did."""
    return stack(_configuration(facts), _headline(facts))


def act(result: BatteryResult) -> View:
    """What the battery did, in a sentence."""
    tried = sum(case.outcome is not Outcome.SKIPPED for case in result.cases)
    return prose(f"{tried} cases were tried against {result.receiver}.")


def cases(facts: WebhookFacts) -> View:
    """Every case in one table."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    rows = [
        (case.id, case.title, _expected(case), case.observed, _mark(case.outcome))
        for case in facts.battery.value.cases
    ]
    return table(("case", "sent", "expected", "seen", ""), rows, empty="No case was tried.")


def failures(facts: WebhookFacts) -> View:
    """What went wrong, worst first: what it means, and what to change."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    wrong = [case for case in facts.battery.value.cases if case.outcome is Outcome.FAIL]
    wrong.sort(key=lambda case: -case.severity.rank)
    rows = [(c.severity, c.id, c.title, c.consequence, " ".join(c.fix)) for c in wrong]
    columns = ("severity", "case", "what", "what it means", "what to change")
    return table(columns, rows, empty="Nothing went wrong.")


def notes(facts: WebhookFacts) -> View:
    """What there is no rule for, but is worth knowing."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    found = [case for case in facts.battery.value.cases if case.outcome is Outcome.NOTE]
    rows = [(case.id, case.title, case.observed, case.consequence) for case in found]
    return table(("case", "what", "seen", "what it means"), rows, empty="There is nothing to add.")


def verifier(_facts: WebhookFacts) -> View:
    """The verifier, tried on one delivery: signed, then changed in ways that matter."""
    from helpers.webhooks.demonstration import demonstrate

    rows = [(shown.what, shown.header, shown.reason) for shown in demonstrate()]
    return table(("delivery", "X-Hub-Signature", "the verifier says"), rows, empty="")


def _configuration(facts: WebhookFacts) -> View:
    rows = []
    if isinstance(facts.client_secret, Known):
        secret = facts.client_secret.value
        rows.append((secret.variable, "set" if secret.configured else "not set"))
    receiver = facts.receiver
    address = receiver.value.address if isinstance(receiver, Known) else receiver.reason
    return table(("what", "value"), [*rows, ("receiver", address)], empty="")


def _headline(facts: WebhookFacts) -> View:
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    result = facts.battery.value
    told = [prose(note) for note in result.notes]
    return stack(prose(_sentence(result)), *told, _grid(result))


def _sentence(result: BatteryResult) -> str:
    wrong, tried = result.count(Outcome.FAIL), len(result.cases) - result.count(Outcome.SKIPPED)
    forged = [c for c in result.cases if c.id[0] == "R" and c.outcome is Outcome.FAIL]
    unjudged = result.count(Outcome.INCONCLUSIVE)
    first = f"{wrong} of {tried} cases failed." if wrong else f"All {tried} cases went well."
    if unjudged:
        first = f"{wrong} of {tried} cases failed, and {unjudged} say nothing."
    if result.control is not Outcome.PASS:
        return f"{first} The control failed, so refusals say nothing."
    severe = any(case.severity.rank == 4 for case in forged)  # noqa: PLR2004 (critical)
    return f"{first} Anyone who knows the address can forge deliveries." if severe else first


def _grid(result: BatteryResult) -> View:
    """A square a case, a row a group: green went well, red did not."""
    rows = [(g, [c for c in result.cases if c.id[0] == g]) for g in _GROUPS]
    rows = [(group, found) for group, found in rows if found]
    width = _LABEL + _CELL * max((len(found) for _, found in rows), default=0)
    body = Markup("").join(_grid_row(i, group, found) for i, (group, found) in enumerate(rows))
    svg = Markup(
        '<svg role="img" aria-label="Every case as a square" width="{}" height="{}" '
        'font-family="sans-serif" font-size="11">{}</svg>'
    ).format(width, _CELL * len(rows), body)
    text = "\n".join(f"{_GROUPS[group]:<10} {_squares(found)}" for group, found in rows)
    return View(svg, text)


def _grid_row(row: int, group: str, found: Sequence[CaseResult]) -> Markup:
    squares = Markup("").join(
        Markup(
            '<rect x="{}" y="{}" width="13" height="13" fill="{}"><title>{}</title></rect>'
        ).format(
            _LABEL + _CELL * column,
            _CELL * row + 1,
            _COLOURS[case.outcome],
            f"{case.id} {case.title}: {_WORDS[case.outcome]}",
        )
        for column, case in enumerate(found)
    )
    label = Markup('<text x="0" y="{}" fill="currentColor">{}</text>')
    return label.format(_CELL * row + 12, _GROUPS[group]) + squares


def _squares(found: Sequence[CaseResult]) -> str:
    marks = {Outcome.PASS: ".", Outcome.NOTE: "o", Outcome.FAIL: "X", Outcome.SKIPPED: "-"}
    return "".join(marks.get(case.outcome, "?") for case in found)


def _expected(case: CaseResult) -> str:
    words = {"accept": "accepted", "refuse": "refused", "survive": "no error"}[case.expect]
    return f"{words}, if it can be" if case.advisory else words


def _mark(outcome: Outcome) -> Markup:
    cell = Markup('<span style="color:{};font-weight:600">{}</span>')
    return cell.format(_COLOURS[outcome], _WORDS[outcome])


def _missing(facts: WebhookFacts) -> View:
    reason = facts.battery.reason if isinstance(facts.battery, Unavailable) else ""
    return prose(f"The receiver was not tried. {reason}")
