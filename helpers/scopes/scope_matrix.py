"""The scope review at a glance: what is granted, used and allowed, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from helpers.core.model import Known, Severity, Unavailable
from helpers.core.view import Tone, View, fold, headline, prose, stack, table, tag
from helpers.intercom.calls import Kind
from helpers.intercom.records import ScopeFacts, TokenScopes, Verdict
from helpers.intercom.scopes import catalog, label_of
from helpers.scopes.needs import Advice, Row, matrix

__all__ = ["check_box", "not_looked_at", "overview", "risk"]

_TOKENS: Final = (("access", "access token"), ("reader", "reader"), ("writer", "writer"))
_SIGN: Final = {Verdict.GRANTED: "● yes", Verdict.MISSING: "○ no", Verdict.UNKNOWN: "? unknown"}
_TONE: Final = {
    Advice.UNTICK: Tone.BAD,
    Advice.DECIDE: Tone.WARN,
    Advice.TICK: Tone.NOTE,
    Advice.LOOK: Tone.NOTE,
    Advice.FITS: Tone.GOOD,
}
_HEADLINE: Final = {
    Advice.UNTICK: "{} to untick",
    Advice.DECIDE: "{} that the code uses and the policy does not allow",
    Advice.TICK: "{} to tick",
    Advice.FITS: "{} that fit",
}


def overview(facts: ScopeFacts) -> View:
    """Every scope that is granted somewhere or used, what asks for a change first."""
    tokens = {title: getattr(facts, name) for name, title in _TOKENS}
    known = {title: token.value for title, token in tokens.items() if isinstance(token, Known)}
    parts = (*tokens.items(), ("sources", facts.uses))
    absent = [not_looked_at(title, d) for title, d in parts if isinstance(d, Unavailable)]
    if not known:
        return stack(*absent)
    judged = isinstance(facts.uses, Known) and isinstance(facts.access, Known)
    rows = _rows(facts, next(iter(known.values())))
    shown = [row for row in rows if row.used or _granted_to_any(row.scope, known)]
    shown.sort(key=lambda row: (list(Advice).index(row.advice), -catalog()[row.scope].risk.rank))
    columns = ("check box", "opens", *known, "used", "allowed", "so")
    cells = [_cells(row, known, judged=judged) for row in shown]
    return stack(
        *([_headline(shown)] if judged else []),
        table(columns, cells, empty="No scope is granted or used."),
        *absent,
        _unseen(next(iter(known)), [row for row in rows if row not in shown]),
    )


def _rows(facts: ScopeFacts, token: TokenScopes) -> tuple[Row, ...]:
    uses = facts.uses.value if isinstance(facts.uses, Known) else ()
    allowed = facts.allowed.value if isinstance(facts.allowed, Known) else ()
    return matrix(token, uses, allowed)


def _granted_to_any(scope: str, tokens: Mapping[str, TokenScopes]) -> bool:
    return any(scope in token.scopes(Verdict.GRANTED) for token in tokens.values())


def _cells(row: Row, tokens: Mapping[str, TokenScopes], *, judged: bool) -> Sequence[object]:
    signs = (_sign(title, token, row.scope) for title, token in tokens.items())
    used = "● yes" if row.used else "○ no" if judged else "?"
    advice = tag(row.advice, _TONE[row.advice]) if judged else "–"
    allowed = "● yes" if row.allowed else "○ no"
    return (check_box(row.scope), risk(catalog()[row.scope].risk), *signs, used, allowed, advice)


def _sign(title: str, token: TokenScopes, scope: str) -> str:
    """What a token may do; what the reader may write stands out."""
    verdict = next(v.verdict for v in token.verdicts if v.scope == scope)
    may = verdict is Verdict.GRANTED and catalog()[scope].kind is Kind.WRITE
    return tag(_SIGN[verdict], Tone.BAD) if may and title == "reader" else _SIGN[verdict]


def _headline(rows: Sequence[Row]) -> View:
    counted = Counter(row.advice for row in rows)
    parts = [text.format(counted[one]) for one, text in _HEADLINE.items() if counted[one]]
    return headline(f"Of the access token's scopes and those in use: {', '.join(parts)}.")


def _unseen(title: str, rows: Sequence[Row]) -> View:
    unknown = [label_of(row.scope) for row in rows if row.verdict is Verdict.UNKNOWN]
    if not unknown:
        return prose("Every scope could be told.")
    return fold(
        f"{len(unknown)} more can't be told of the {title} by asking: look, and answer "
        "`runbook attest token-scopes`.",
        ", ".join(unknown) + ".",
    )


def check_box(scope: str) -> Markup:
    """The check box in the Developer Hub, and the key that policy.toml wants."""
    if label_of(scope) == scope:
        return Markup("{}").format(scope)
    return Markup('{} <small style="display:block;opacity:.7">({})</small>').format(
        label_of(scope), scope
    )


def risk(severity: Severity) -> str:
    """The risk as a bar that reads at a glance, and as a word."""
    return "█" * severity.rank + "░" * (len(Severity) - severity.rank) + f" {severity.value}"


def not_looked_at(title: str, datum: Unavailable) -> View:
    """Why there is nothing to show."""
    return prose(f"Not looked at, {title}: {datum.reason}")
