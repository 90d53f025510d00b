"""The scope review, as a notebook shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from helpers.core.model import Known, Severity, Unavailable
from helpers.core.view import Tone, View, fold, headline, prose, stack, table, tag
from helpers.intercom.calls import Effect
from helpers.intercom.scopes import catalog, label_of
from helpers.scopes.needs import Advice, Row, matrix, recommend
from helpers.scopes.records import (
    Certainty,
    Grant,
    ProbeAnswer,
    Reading,
    ScopeFacts,
    TokenScopes,
    Use,
    WriteProbes,
)

__all__ = ["action", "blast_radius", "drift", "evidence", "overview", "tests", "todo", "uses"]

_TOKENS: Final = (("access", "access token"), ("reader", "reader"), ("writer", "writer"))
_SIGN: Final = {Grant.GRANTED: "● yes", Grant.MISSING: "○ no", Grant.UNKNOWN: "? unknown"}
_TONE: Final = {
    Advice.UNTICK: Tone.BAD,
    Advice.DECIDE: Tone.WARN,
    Advice.TICK: Tone.NOTE,
    Advice.CHECK: Tone.NOTE,
    Advice.FITS: Tone.GOOD,
}
_HEADLINE: Final = {
    Advice.UNTICK: "{} to untick",
    Advice.DECIDE: "{} that the code uses and the policy does not allow",
    Advice.TICK: "{} to tick",
    Advice.FITS: "{} that fit",
}


def overview(facts: ScopeFacts) -> View:
    """Every scope that is granted somewhere or used, those that need a change first."""
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
    return any(scope in token.scopes(Grant.GRANTED) for token in tokens.values())


def _cells(row: Row, tokens: Mapping[str, TokenScopes], *, judged: bool) -> Sequence[object]:
    signs = (_sign(title, token, row.scope) for title, token in tokens.items())
    used = "● yes" if row.used else "○ no" if judged else "?"
    advice = tag(row.advice, _TONE[row.advice]) if judged else "–"
    allowed = "● yes" if row.allowed else "○ no"
    return (check_box(row.scope), risk(catalog()[row.scope].risk), *signs, used, allowed, advice)


def _sign(title: str, token: TokenScopes, scope: str) -> str:
    """What a token may do; what the reader may write stands out."""
    verdict = next(v.verdict for v in token.verdicts if v.scope == scope)
    may = verdict is Grant.GRANTED and catalog()[scope].kind is Effect.WRITE
    return tag(_SIGN[verdict], Tone.BAD) if may and title == "reader" else _SIGN[verdict]


def _headline(rows: Sequence[Row]) -> View:
    counted = Counter(row.advice for row in rows)
    parts = [text.format(counted[one]) for one, text in _HEADLINE.items() if counted[one]]
    return headline(f"Of the access token's scopes and those in use: {', '.join(parts)}.")


def _unseen(title: str, rows: Sequence[Row]) -> View:
    unknown = [label_of(row.scope) for row in rows if row.verdict is Grant.UNKNOWN]
    if not unknown:
        return prose("Every scope is known.")
    return fold(
        f"{len(unknown)} more scopes of the {title} can't be probed: check them, and answer "
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
    """The risk as a bar and as a word."""
    return "█" * severity.rank + "░" * (len(Severity) - severity.rank) + f" {severity.value}"


def not_looked_at(title: str, datum: Unavailable) -> View:
    """Why there is nothing to show."""
    return prose(f"Not read, {title}: {datum.reason}")


_NEW: Final = "not in the catalog"
_STAYS: Final = tag("stays", Tone.WARN)
_GOES: Final = tag("goes", Tone.GOOD)
_SIGNS: Final = "● allowed: no such id, where another token is refused. ○ refused. ? inconclusive."


def evidence(facts: ScopeFacts) -> View:
    """Behind each verdict on the access token: the calls, their status and code."""
    if isinstance(facts.access, Unavailable):
        return not_looked_at("access token", facts.access)
    rows = [
        (v.scope, v.verdict.value, v.why + _perhaps(v.through), a.call, _answered(a))
        for v in facts.access.value.verdicts
        for a in v.answers
    ]
    columns = ("scope", "verdict", "because", "asked", "answer")
    return table(columns, rows, empty="Nothing was asked.")


def _answered(answer: ProbeAnswer) -> str:
    return f"{answer.status} {answer.code}".strip()


def uses(facts: ScopeFacts) -> View:
    """Where the sources use a scope, and how sure that is."""
    if isinstance(facts.uses, Unavailable):
        return not_looked_at("sources", facts.uses)
    rows = [
        (u.scope, u.call, f"{u.path}:{u.line}" if u.line else u.path, u.sure.value, u.how)
        for u in sorted(facts.uses.value, key=lambda u: (u.scope, u.path, u.line))
    ]
    columns = ("scope", "call", "where", "how sure", "seen as")
    return table(columns, rows, empty="No source here calls Intercom.")


def todo(facts: ScopeFacts) -> View:
    """What to tick and untick in the Developer Hub, by the labels shown there, the worst first."""
    if isinstance(facts.access, Unavailable):
        return not_looked_at("access token", facts.access)
    if isinstance(facts.uses, Unavailable):
        return not_looked_at("sources", facts.uses)
    advice = recommend(facts.access.value, facts.uses.value)
    through = {v.scope: v.through for v in facts.access.value.verdicts}
    rows = [
        *(
            (tag("☐ untick", Tone.BAD), check_box(s), catalog()[s].reach + _perhaps(through[s]))
            for s in _worst(advice.untick)
        ),
        *(
            (tag("☑ tick", Tone.NOTE), check_box(s), _first_place(facts.uses.value, s))
            for s in advice.tick
        ),
    ]
    granted, missing = (facts.access.value.scopes(g) for g in (Grant.GRANTED, Grant.MISSING))
    if not granted and not missing:
        return prose("No probe was conclusive: whether the token fits is unknown.")
    unknown = len(set(facts.access.value.scopes(Grant.UNKNOWN)))
    fits = f"Nothing is known to change; {unknown} scopes are unknown." if unknown else "It fits."
    return table(("do", "check box", "because"), rows, empty=fits)


def blast_radius(facts: ScopeFacts) -> View:
    """What a thief of the access token can do today, and what is left after the to-do."""
    if isinstance(facts.access, Unavailable):
        return not_looked_at("access token", facts.access)
    granted = _worst(facts.access.value.scopes(Grant.GRANTED))
    if isinstance(facts.uses, Unavailable):
        return not_looked_at("sources", facts.uses)
    used = {use.scope for use in facts.uses.value}
    rows = [
        (risk(catalog()[s].risk), catalog()[s].reach, _STAYS if s in used else _GOES)
        for s in granted
    ]
    columns = ("opens", "whoever holds the token …", "after the to-do")
    left = [scope for scope in granted if scope in used]
    return stack(
        prose(f"Today: {_counted(granted)}. After the to-do: {_counted(left)}."),
        table(columns, rows, empty="Nothing that is known."),
    )


def _perhaps(through: Iterable[str]) -> str:
    boxes = " or ".join(map(label_of, through))
    return f" ({boxes} may grant it instead)" if boxes else ""


def _worst(scopes: Iterable[str]) -> list[str]:
    return sorted(scopes, key=lambda scope: -catalog()[scope].risk.rank)


def _counted(scopes: Iterable[str]) -> str:
    counts = Counter(catalog()[scope].risk for scope in scopes)
    return ", ".join(f"{counts[s]} {s}" for s in reversed(Severity) if counts[s]) or "nothing"


def tests(facts: ScopeFacts) -> View:
    """What to try after the to-do: the places that use what stays, certain ones first."""
    if isinstance(facts.uses, Unavailable):
        return not_looked_at("sources", facts.uses)
    ordered = sorted(
        facts.uses.value, key=lambda u: (list(Certainty).index(u.sure), u.path, u.line)
    )
    rows = [
        (use.call, f"{use.path}:{use.line}" if use.line else use.path, label_of(use.scope))
        for use in ordered
        if use.how != "audit"
    ]
    columns = ("call", "where it is made", "check box that it needs")
    return table(columns, rows, empty="No source here calls Intercom.")


def drift(facts: ScopeFacts) -> View:
    """What changed since the last review of this profile; scopes unknown now are counted."""
    if isinstance(facts.previous, Unavailable):
        return prose(facts.previous.reason)
    if isinstance(facts.access, Unavailable):
        return not_looked_at("access token", facts.access)
    before = dict(facts.previous.value.verdicts)
    now = {v.scope: v.verdict for v in facts.access.value.verdicts}
    came = [s for s in now if now[s] is Grant.GRANTED and before.get(s) is not Grant.GRANTED]
    went = [s for s in now if now[s] is Grant.MISSING and before.get(s) is Grant.GRANTED]
    seen = (Grant.GRANTED, Grant.MISSING)
    lost = sum(now[s] is Grant.UNKNOWN and before.get(s) in seen for s in now)
    rows = [
        (_change(before.get(s), now[s]), check_box(s), before.get(s, _NEW), now[s])
        for s in (*came, *went)
    ]
    columns = ("change", "check box", "last time", "now")
    since = f"Compared with the review of {facts.previous.value.at:%Y-%m-%d}:"
    told = [prose(f"{lost} that were known then are unknown now.")] if lost else []
    return stack(prose(since), table(columns, rows, empty="Nothing changed."), *told)


def _change(before: Grant | None, now: Grant) -> Markup:
    if now is Grant.MISSING:
        return tag("– went", Tone.GOOD)
    return tag("+ came" if before is Grant.MISSING else "+ seen", Tone.BAD)


def action(done: WriteProbes) -> View:
    """What Intercom answered to the write probes: a row for each call, a column for each token."""
    answered = {variable: {a.call: a for a in answers} for variable, answers in done.answers}
    calls = dict.fromkeys(call for answers in answered.values() for call in answers)
    refused = {c for c in calls if any(_refuses(answers.get(c)) for answers in answered.values())}
    rows = [
        (c, *(_probe_sign(answers.get(c), c in refused) for answers in answered.values()))
        for c in calls
    ]
    return stack(
        table(("asked", *answered), rows, empty="No token is set."),
        prose(_SIGNS),
    )


def _refuses(answer: ProbeAnswer | None) -> bool:
    return answer is not None and answer.reading is Reading.REFUSED


def _probe_sign(answer: ProbeAnswer | None, refused: bool) -> str:  # noqa: FBT001 (of the call)
    if answer is None:
        return "–"
    admitted = answer.reading is Reading.ADMITTED or (answer.absent and refused)
    sign = "○" if _refuses(answer) else "●" if admitted else "?"
    return f"{sign} {answer.status} {answer.code}".rstrip()


def _first_place(uses: Iterable[Use], scope: str) -> str:
    use = next(u for u in uses if u.scope == scope)
    return f"{use.call} in {use.path}:{use.line}" if use.line else f"{use.call} in {use.path}"
