"""The access review, as a notebook shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from helpers.access.attestations import QUESTIONS
from helpers.access.records import AccessFacts, Attestation
from helpers.core.model import Datum, Known, Unavailable
from helpers.core.view import Tone, View, headline, prose, stack, table, tag
from helpers.intercom.records import CONNECTOR_STATES, Connector, IdentitySecret, Teammate

__all__ = ["connectors", "defences", "events", "overview", "questions"]

_NAMED: Final = 5  # unknown values that a sentence names


def overview(facts: AccessFacts) -> View:
    """Who is in the workspace, with what role, and when they were last active."""
    if isinstance(facts.teammates, Unavailable):
        return _missing("teammates", facts.teammates)
    seen = dict(facts.last_seen.value) if isinstance(facts.last_seen, Known) else None
    people = facts.teammates.value
    rows = [(t.name, t.email, _role(t), _seat(t), _last(t, seen)) for t in people]
    columns = ("teammate", "address", "role", "inbox seat", "last active")
    shown = table(columns, rows, empty="The workspace has no teammates.")
    return stack(_counted(people, seen), shown) if people else shown


def _counted(people: Sequence[Teammate], seen: Mapping[str, datetime] | None) -> View:
    odd = sum(not t.role for t in people)
    said = f"{len(people)} teammates: {odd} with custom permissions"
    silent = "" if seen is None else f", {sum(t.id not in seen for t in people)} not in the log"
    return headline(f"{said}{silent}.")


def _role(teammate: Teammate) -> str:
    if not teammate.role:
        return tag("custom permissions", Tone.WARN)
    return teammate.role


def _seat(teammate: Teammate) -> str:
    return _flag(teammate.inbox_seat)


def _flag(value: bool | None) -> str:  # noqa: FBT001 (what Intercom says)
    return {True: "yes", False: "no", None: "unknown"}[value]


def _last(teammate: Teammate, seen: Mapping[str, datetime] | None) -> str:
    if seen is None:
        return "not read"
    if teammate.id in seen:
        return f"{seen[teammate.id]:%Y-%m-%d}"
    return tag("not in the log", Tone.BAD if teammate.inbox_seat else Tone.WARN)


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
    return table(("defence", "state"), rows, empty="")


def _verification(facts: AccessFacts) -> str:
    datum = facts.identity_verification
    if isinstance(datum, Unavailable):
        return datum.reason
    return tag("on", Tone.GOOD) if datum.value else tag("OFF", Tone.BAD)


def _secrets(facts: AccessFacts) -> str:
    datum = facts.identity_secrets
    if isinstance(datum, Unavailable):
        return datum.reason
    named = (f"{s.name} ({_platforms(s)})" for s in datum.value)
    return "; ".join(named) or "none"


def _platforms(secret: IdentitySecret) -> str:
    valid = {name: getattr(secret, name) for name in ("web", "ios", "android")}
    named = [name for name, on in valid.items() if on]
    named += [f"{name} unknown" for name, on in valid.items() if on is None]
    made = f"{secret.created_at:%Y-%m-%d}" if secret.created_at else "date unknown"
    return ", ".join((*named, made))


def _allowlist(facts: AccessFacts) -> str:
    datum = facts.allowlist
    if isinstance(datum, Unavailable):
        return datum.reason
    if not datum.value.enabled:
        return tag("OFF", Tone.BAD)
    return ", ".join(datum.value.entries) or tag("on, but EMPTY: everybody is let in", Tone.BAD)


def connectors(facts: AccessFacts) -> View:
    """The data connectors: where they call, and how they authenticate."""
    if isinstance(facts.connectors, Unavailable):
        return _missing("data connectors", facts.connectors)
    used = Counter(token for c in facts.connectors.value for token in c.token_ids or ())
    rows = [
        (c.name, _address(c), c.state, _credential(c, used), _customer(c))
        for c in facts.connectors.value
    ]
    columns = ("connector", "calls", "state", "credential", "customer authentication")
    shown = table(columns, rows, empty="There is no data connector.")
    unknown = Counter(c.state for c in facts.connectors.value if c.state not in CONNECTOR_STATES)
    return stack(shown, _unknown_states(unknown)) if unknown else shown


def _unknown_states(unknown: Counter[str]) -> View:
    named = ", ".join(state for state, _ in unknown.most_common(_NAMED))
    return prose(
        f"{unknown.total():,} of them have a state that Intercom's API description does not list: "
        f"{named}. No check depends on it: each is judged as if it were live."
    )


def _address(connector: Connector) -> str:
    plain = connector.url and not connector.url.lower().startswith("https://")
    return tag(connector.url, Tone.BAD) if plain else connector.url


def _credential(connector: Connector, used: Mapping[str, int]) -> str:
    if connector.token_ids is None:
        return "unknown"
    named = ", ".join(connector.token_ids)
    if any(used[token] > 1 for token in connector.token_ids):
        return tag(f"{named}, shared", Tone.WARN)
    return named or tag("NONE", Tone.BAD)


def _customer(connector: Connector) -> str:
    if connector.bypass_authentication:
        return tag("PUBLIC ENDPOINT", Tone.BAD)
    return _flag(connector.customer_authentication)


def questions(facts: AccessFacts) -> View:
    """What no API reports, and what a person last said about it."""
    if isinstance(facts.attestations, Unavailable):
        return _missing("attestations", facts.attestations)
    said = {a.question: a for a in facts.attestations.value}
    rows = [(key, text, *_answer(said.get(key))) for key, text in QUESTIONS.items()]
    columns = ("question", "in full", "answer", "valid until")
    return stack(
        table(columns, rows, empty=""),
        prose("Answer in the form, or with `runbook attest QUESTION`."),
    )


def _answer(said: Attestation | None) -> tuple[str, str]:
    if said is None:
        return tag("nobody answered", Tone.WARN), "–"
    answer = f"{said.answer}, {said.by}"
    return (answer if said.answer == "yes" else tag(answer, Tone.BAD)), str(said.expires)


def _missing(title: str, datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not read, {title}: {reason}")
