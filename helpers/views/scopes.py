"""The scope review, to look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from helpers.intercom.needs import recommend
from helpers.intercom.records import (
    Reading,
    ScopeFacts,
    ScopeVerdict,
    Sure,
    TokenScopes,
    Use,
    Verdict,
    WriteProbes,
)
from helpers.intercom.scopes import catalog, label_of
from helpers.model import Datum, Known, Severity, Unavailable
from helpers.views.base import View, prose, stack, table

__all__ = ["act", "blast_radius", "drift", "evidence", "overview", "tests", "todo", "uses"]

_SIGN: Final = {Verdict.GRANTED: "● granted", Verdict.MISSING: "○ no", Verdict.UNKNOWN: "? unknown"}
_TOKENS: Final = (("access", "access token"), ("reader", "reader"), ("writer", "writer"))


def overview(facts: ScopeFacts) -> View:
    """Every scope that is granted somewhere, used, or worth asking about: the matrix."""
    tokens = [(title, getattr(facts, name)) for name, title in _TOKENS]
    known = [(title, token.value) for title, token in tokens if isinstance(token, Known)]
    if not known:
        return stack(*(_missing(title, token) for title, token in tokens))
    used = _used(facts)
    columns = ("scope", "check box", "opens", *(title for title, _ in known), "used")
    rows = [_row(key, known, used) for key in catalog() if _worth_a_row(key, known, used)]
    absent = [_missing(title, token) for title, token in tokens if isinstance(token, Unavailable)]
    return stack(table(columns, rows, empty="No scope is granted or used."), *absent, _rest(known))


def _row(key: str, tokens: Iterable[tuple[str, TokenScopes]], used: set[str]) -> tuple[object, ...]:
    scope = catalog()[key]
    signs = (_SIGN[_verdict(token, key).verdict] for _, token in tokens)
    return (key, scope.box, _risk(scope.risk), *signs, "● used" if key in used else "–")


def _worth_a_row(key: str, tokens: Iterable[tuple[str, TokenScopes]], used: set[str]) -> bool:
    granted = any(_verdict(token, key).verdict is Verdict.GRANTED for _, token in tokens)
    return granted or key in used


def _rest(tokens: list[tuple[str, TokenScopes]]) -> View:
    unknown = [k for k in catalog() if _verdict(tokens[0][1], k).verdict is Verdict.UNKNOWN]
    if not unknown:
        return prose("Every scope could be told.")
    return prose(
        f"Of the {tokens[0][0]}, {len(unknown)} scopes can't be told from outside: "
        + ", ".join(label_of(key) for key in unknown)
        + "."
    )


def evidence(facts: ScopeFacts) -> View:
    """Behind each verdict on the access token: the calls, their status and code."""
    if isinstance(facts.access, Unavailable):
        return _missing("access token", facts.access)
    rows = [
        (v.scope, v.verdict.value, v.why, a.call, f"{a.status} {a.code}".strip())
        for v in facts.access.value.verdicts
        for a in v.answers
    ]
    columns = ("scope", "verdict", "because", "asked", "answer")
    return table(columns, rows, empty="Nothing was asked.")


def uses(facts: ScopeFacts) -> View:
    """Where the sources use a scope, and how sure that is."""
    if isinstance(facts.uses, Unavailable):
        return _missing("sources", facts.uses)
    rows = [
        (u.scope, u.call, f"{u.path}:{u.line}" if u.line else u.path, u.sure.value, u.how)
        for u in sorted(facts.uses.value, key=lambda u: (u.scope, u.path, u.line))
    ]
    columns = ("scope", "call", "where", "how sure", "seen as")
    return table(columns, rows, empty="No source here calls Intercom.")


def todo(facts: ScopeFacts) -> View:
    """What to tick, untick and look at in the Developer Hub, in its own words."""
    if isinstance(facts.access, Unavailable):
        return _missing("access token", facts.access)
    if isinstance(facts.uses, Unavailable):
        return _missing("sources", facts.uses)
    advice = recommend(facts.access.value, facts.uses.value)
    rows = [
        *(("untick", label_of(s), catalog()[s].reach) for s in advice.untick),
        *(("tick", label_of(s), _first_place(facts.uses.value, s)) for s in advice.tick),
    ]
    changes = table(("do", "check box", "because"), rows, empty="Nothing: it fits.")
    unseen = ", ".join(label_of(scope) for scope in advice.look)
    look = f"Not told by asking, and used by nothing here, so they should be off: {unseen}."
    return stack(changes, prose(look)) if unseen else changes


def blast_radius(facts: ScopeFacts) -> View:
    """What a thief of the access token can do today, and what is left after the to-do."""
    if isinstance(facts.access, Unavailable):
        return _missing("access token", facts.access)
    used = _used(facts)
    granted = facts.access.value.scopes(Verdict.GRANTED)
    rows = [
        (_risk(catalog()[s].risk), catalog()[s].reach, "stays" if s in used else "goes")
        for s in sorted(granted, key=lambda s: -catalog()[s].risk.rank)
    ]
    columns = ("opens", "whoever holds the token …", "after the to-do")
    return table(columns, rows, empty="Nothing that is known.")


def tests(facts: ScopeFacts) -> View:
    """What to try after the to-do: the places that use what stays, certain ones first."""
    if isinstance(facts.uses, Unavailable):
        return _missing("sources", facts.uses)
    ordered = sorted(facts.uses.value, key=lambda u: (list(Sure).index(u.sure), u.path, u.line))
    rows = [
        (use.call, f"{use.path}:{use.line}" if use.line else use.path, label_of(use.scope))
        for use in ordered
        if use.how != "audit"
    ]
    columns = ("call", "where it is made", "check box that it needs")
    return table(columns, rows, empty="No source here calls Intercom.")


def drift(facts: ScopeFacts) -> View:
    """What changed since the last review of this profile."""
    if isinstance(facts.previous, Unavailable):
        return prose(facts.previous.reason)
    if isinstance(facts.access, Unavailable):
        return _missing("access token", facts.access)
    before = dict(facts.previous.value)
    rows = [
        (v.scope, before.get(v.scope, "not in the catalog"), v.verdict.value)
        for v in facts.access.value.verdicts
        if before.get(v.scope) != v.verdict
    ]
    return table(("scope", "last time", "now"), rows, empty="Nothing changed since last time.")


def act(done: WriteProbes) -> View:
    """What the write probes were answered."""
    rows = [
        (
            variable,
            a.call,
            f"{a.status} {a.code}".strip(),
            "refused" if a.reading is Reading.REFUSED else a.why,
        )
        for variable, answers in done.answers
        for a in answers
    ]
    return table(("token", "asked", "answer", "meaning"), rows, empty="No token is set.")


def _verdict(token: TokenScopes, scope: str) -> ScopeVerdict:
    return next(v for v in token.verdicts if v.scope == scope)


def _used(facts: ScopeFacts) -> set[str]:
    return {u.scope for u in facts.uses.value} if isinstance(facts.uses, Known) else set()


def _first_place(uses: Iterable[Use], scope: str) -> str:
    use = next(u for u in uses if u.scope == scope)
    return f"{use.call} in {use.path}:{use.line}" if use.line else f"{use.call} in {use.path}"


def _risk(severity: Severity) -> str:
    """The risk as a bar that reads at a glance, and as a word."""
    return "█" * severity.rank + "░" * (len(Severity) - severity.rank) + f" {severity.value}"


def _missing(title: str, datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not looked at, {title}: {reason}")
