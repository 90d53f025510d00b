"""The webhook step's views, and the verifier shown at work on one delivery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from helpers.core.model import Known, Unavailable
from helpers.core.view import View, canvas, picture, prose, stack, table
from helpers.webhooks.records import BatteryResult, CaseOutcome, CaseResult, WebhookFacts
from helpers.webhooks.samples import compact, notification
from helpers.webhooks.signatures import WEBHOOK, Reason, Verifier, sign

__all__ = [
    "VerifierExample",
    "action",
    "cases",
    "demonstrate",
    "failures",
    "notes",
    "overview",
    "verifier",
]

_COLOURS: Final = {
    CaseOutcome.PASS: "#2da44e",
    CaseOutcome.NOTE: "#bf8700",
    CaseOutcome.FAIL: "#cf222e",
    CaseOutcome.INCONCLUSIVE: "#8250df",
    CaseOutcome.SKIPPED: "#8c959f",
}
_WORDS: Final = {
    CaseOutcome.PASS: "ok",
    CaseOutcome.NOTE: "note",
    CaseOutcome.FAIL: "FAIL",
    CaseOutcome.INCONCLUSIVE: "inconclusive",
    CaseOutcome.SKIPPED: "skipped",
}
_SQUARES: Final = {
    CaseOutcome.PASS: ".",
    CaseOutcome.NOTE: "o",
    CaseOutcome.FAIL: "X",
    CaseOutcome.SKIPPED: "-",
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
_KEY_WIDTH: Final = _LABEL + 5 * 104
_SECRET: Final = b"a secret for this demonstration only"
_OTHER: Final = b"somebody else's secret"


def overview(facts: WebhookFacts) -> View:
    """The secret, the receiver, and how it did."""
    return stack(_configuration(facts), _headline(facts))


def action(result: BatteryResult) -> View:
    """What the battery did, in one sentence."""
    tried = sum(case.outcome is not CaseOutcome.SKIPPED for case in result.cases)
    return prose(f"{tried} cases were run against {result.receiver}.")


def cases(facts: WebhookFacts) -> View:
    """Every case in one table."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    rows = [
        (case.id, case.title, _expected(case), case.observed, _outcome_cell(case.outcome))
        for case in facts.battery.value.cases
    ]
    return table(("case", "sent", "expected", "seen", ""), rows, empty="No case was run.")


def failures(facts: WebhookFacts) -> View:
    """What failed, worst first: what it means and what to change."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    wrong = [case for case in facts.battery.value.cases if case.outcome is CaseOutcome.FAIL]
    wrong.sort(key=lambda case: -case.severity.rank)
    groups = facts.battery.value.groups
    grouped = {case_id for group in groups for case_id in group.cases}
    rows = [(g.severity, g.id, g.title, g.consequence, " ".join(g.fix)) for g in groups]
    rows += [
        (c.severity, c.id, c.title, c.consequence, " ".join(c.fix))
        for c in wrong
        if c.id not in grouped
    ]
    columns = ("severity", "case", "what", "what it means", "what to change")
    return table(columns, rows, empty="Nothing failed.")


def notes(facts: WebhookFacts) -> View:
    """Observations that no rule covers."""
    if isinstance(facts.battery, Unavailable):
        return _missing(facts)
    found = [case for case in facts.battery.value.cases if case.outcome is CaseOutcome.NOTE]
    rows = [(case.id, case.title, case.observed, case.consequence) for case in found]
    return table(("case", "what", "seen", "what it means"), rows, empty="There are no notes.")


def verifier(_facts: WebhookFacts) -> View:
    """The verifier, tried on one delivery: signed, then changed in ways that matter."""
    from helpers.webhooks.views import demonstrate

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
    notes_shown = [prose(note) for note in result.notes]
    return stack(prose(_sentence(result)), *notes_shown, _grid(result))


def _sentence(result: BatteryResult) -> str:
    wrong, tried = (
        result.count(CaseOutcome.FAIL),
        len(result.cases) - result.count(CaseOutcome.SKIPPED),
    )
    forged = [c for c in result.cases if c.id[0] == "R" and c.outcome is CaseOutcome.FAIL]
    unjudged = result.count(CaseOutcome.INCONCLUSIVE)
    first = f"{wrong} of {tried} cases failed." if wrong else f"All {tried} cases passed."
    if unjudged:
        first = f"{wrong} of {tried} cases failed, and {unjudged} are inconclusive."
    if result.control is not CaseOutcome.PASS:
        return f"{first} The control failed, so refusals prove nothing."
    severe = any(case.severity.rank == 4 for case in forged)  # noqa: PLR2004 (critical)
    return f"{first} Anyone who knows the address can forge deliveries." if severe else first


def _grid(result: BatteryResult) -> View:
    """One square per case, one row per group: green passed, red failed."""
    rows = [(g, [c for c in result.cases if c.id[0] == g]) for g in _GROUPS]
    rows = [(group, found) for group, found in rows if found]
    width = _LABEL + _CELL * max((len(found) for _, found in rows), default=0)
    body = Markup("").join(_grid_row(i, group, found) for i, (group, found) in enumerate(rows))
    bottom = _CELL * len(rows)
    label = "Every case as a square, a row for each group"
    key = _grid_key(bottom + 18)
    svg = canvas(max(width, _KEY_WIDTH), bottom + 24, label, body + key)
    text = "\n".join(f"{_GROUPS[group]:<10} {_squares(found)}" for group, found in rows)
    return picture(svg, text)


def _grid_key(y: int) -> Markup:
    return Markup("").join(
        Markup(
            '<rect x="{}" y="{}" width="11" height="11" fill="{}"/>'
            '<text class="dim" x="{}" y="{}">{}</text>'
        ).format(x, y - 9, _COLOURS[outcome], x + 16, y + 1, _WORDS[outcome])
        for x, outcome in zip(range(_LABEL, _KEY_WIDTH, 104), _COLOURS, strict=False)
    )


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
    label = Markup('<text x="0" y="{}">{}</text>')
    return label.format(_CELL * row + 12, _GROUPS[group]) + squares


def _squares(found: Sequence[CaseResult]) -> str:
    return "".join(_SQUARES.get(case.outcome, "?") for case in found)


def _expected(case: CaseResult) -> str:
    words = {"accept": "accepted", "refuse": "refused", "survive": "no error"}[case.expect]
    return f"{words}, if it can be" if case.advisory else words


def _outcome_cell(outcome: CaseOutcome) -> Markup:
    cell = Markup('<span style="color:{};font-weight:600">{}</span>')
    return cell.format(_COLOURS[outcome], _WORDS[outcome])


def _missing(facts: WebhookFacts) -> View:
    reason = facts.battery.reason if isinstance(facts.battery, Unavailable) else ""
    return prose(f"The receiver was not tested. {reason}")


@dataclass(frozen=True)
class VerifierExample:
    """One example: what was passed in, and what the verifier said."""

    what: str
    header: str
    reason: Reason


def demonstrate() -> Iterator[VerifierExample]:
    """The same delivery as Intercom signs it, then with one thing wrong at a time."""
    document = notification("ping", app_id="dm4x7q2k", identifier=None, sent_at=1_772_438_400)
    body = compact(document)
    right = sign(_SECRET, body)
    tries = (
        ("as Intercom sent it", body, (right,)),
        ("one byte of the body changed", body.replace(b"ping", b"pong", 1), (right,)),
        ("a space after the body", body + b" ", (right,)),
        ("signed with another secret", body, (sign(_OTHER, body),)),
        ("one digit of the signature wrong", body, (_last_digit_changed(right),)),
        ("the signature cut short", body, (right[:-1],)),
        ("the signature in upper case", body, (right.upper(),)),
        ("without a signature", body, ()),
        ("with two signatures", body, (right, right)),
    )
    verifier = Verifier(_SECRET)
    for what, content, headers in tries:
        yield VerifierExample(what, _short(headers), verifier.verify(content, headers).reason)
    during = Verifier(_OTHER, _SECRET).verify(body, (right,))
    yield VerifierExample(
        "by a verifier with the new and the old secret", _short((right,)), during.reason
    )


def _last_digit_changed(signature: str) -> str:
    return signature[:-1] + ("0" if signature[-1] != "0" else "1")


def _short(headers: tuple[str, ...]) -> str:
    beginning = len(WEBHOOK.prefix) + 8
    return ", ".join(f"{header[:beginning]}…{header[-2:]}" for header in headers) or "–"
