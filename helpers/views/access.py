"""The access review, to look at."""

from __future__ import annotations

from datetime import datetime

from helpers.intercom.attestations import QUESTIONS
from helpers.intercom.records import AccessFacts, Connector, Teammate
from helpers.model import Datum, Known, Unavailable
from helpers.views.base import View, prose, stack, table

__all__ = ["connectors", "defences", "events", "overview", "questions"]


def overview(facts: AccessFacts) -> View:
    """Who is in the workspace, with what role, and when they were last active."""
    if isinstance(facts.teammates, Unavailable):
        return _missing("teammates", facts.teammates)
    seen = dict(facts.last_seen.value) if isinstance(facts.last_seen, Known) else None
    rows = [
        (t.name, t.email, t.role or "of their own making", _seat(t), _last(t, seen))
        for t in facts.teammates.value
    ]
    columns = ("teammate", "address", "role", "inbox seat", "last active")
    return table(columns, rows, empty="The workspace has no teammates.")


def _seat(teammate: Teammate) -> str:
    return "yes" if teammate.inbox_seat else "no"


def _last(teammate: Teammate, seen: dict[str, datetime] | None) -> str:
    if seen is None:
        return "not looked at"
    return str(seen[teammate.id])[:10] if teammate.id in seen else "not in the log"


def events(facts: AccessFacts) -> View:
    """Events that somebody should be able to explain."""
    if isinstance(facts.events, Unavailable):
        return _missing("activity log", facts.events)
    rows = [(e.kind, e.count, f"{e.newest:%Y-%m-%d}") for e in facts.events.value]
    return table(("event", "times", "last"), rows, empty="The activity log holds none.")


def defences(facts: AccessFacts) -> View:
    """Identity verification, its secrets, and the IP allowlist."""
    rows = [
        ("identity verification", _verification(facts)),
        ("identity secrets", _secrets(facts)),
        ("IP allowlist", _allowlist(facts)),
    ]
    return table(("defence", "as it stands"), rows, empty="")


def _verification(facts: AccessFacts) -> str:
    datum = facts.identity_verification
    if isinstance(datum, Unavailable):
        return datum.reason
    return "on" if datum.value else "OFF"


def _secrets(facts: AccessFacts) -> str:
    datum = facts.identity_secrets
    if isinstance(datum, Unavailable):
        return datum.reason
    named = (f"{s.name} ({', '.join(s.platforms)}, {s.created_at:%Y-%m-%d})" for s in datum.value)
    return "; ".join(named) or "none"


def _allowlist(facts: AccessFacts) -> str:
    datum = facts.allowlist
    if isinstance(datum, Unavailable):
        return datum.reason
    if not datum.value.enabled:
        return "OFF"
    return ", ".join(datum.value.entries) or "on, but EMPTY: everybody is let in"


def connectors(facts: AccessFacts) -> View:
    """The data connectors: where they call, and how they authenticate."""
    if isinstance(facts.connectors, Unavailable):
        return _missing("data connectors", facts.connectors)
    rows = [(c.name, c.url, c.state, _credential(c), _customer(c)) for c in facts.connectors.value]
    columns = ("connector", "calls", "state", "credential", "customer authentication")
    return table(columns, rows, empty="There is no data connector.")


def _credential(connector: Connector) -> str:
    return ", ".join(connector.token_ids) or "NONE"


def _customer(connector: Connector) -> str:
    if connector.bypass_authentication:
        return "BYPASSED"
    return "yes" if connector.customer_authentication else "no"


def questions(facts: AccessFacts) -> View:
    """What no API tells, and what a person last said about it."""
    if isinstance(facts.attestations, Unavailable):
        return _missing("attestations", facts.attestations)
    said = {a.question: a for a in facts.attestations.value}
    rows = [
        (
            key,
            text,
            f"{said[key].answer}, {said[key].by}" if key in said else "nobody answered",
            str(said[key].expires) if key in said else "–",
        )
        for key, text in QUESTIONS.items()
    ]
    columns = ("question", "in full", "answer", "good until")
    return stack(table(columns, rows, empty=""), prose("Answer with `runbook attest QUESTION`."))


def _missing(title: str, datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not looked at, {title}: {reason}")
