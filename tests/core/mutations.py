"""Facts with something hidden or garbled: what a check must never take for the better.

A mutation hides what a collector may fail to read, and says so as a collector does: a dropped row
makes the datum partial. It never swaps one plausible value for another, which nobody could notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType
from typing import Any, Final, get_args

from helpers.core.catalog import Check
from helpers.core.judge import judge
from helpers.core.model import Finding, Known, Partial, Record, Snapshot, Status, Unavailable
from helpers.core.policy import Policy
from tests.checking import NOW

Data = Mapping[str, Any]  # a datum by the name of its fact

CALL: Final = "GET /it"
KINDS: Final = ("not read", "partly read", "empty", "order", "blank", "no value", "unknown", "time")
# Facts that this program makes of its own files, where a blank is no answer of anybody.
OURS: Final[Mapping[tuple[str, str], str]] = {
    ("ExampleFile", "with_values"): "read from one file, whole or not at all",
    ("ExampleFile", "missing"): "read from one file, whole or not at all",
    ("LeakedSecret", "kind"): "a rule's own name; EXP-003 fails for what is not Intercom's",
    ("MirrorEvidence", "mirrors"): "what the policy configures",
    ("PolicySource", "ignored"): "what this program itself left out of the policy",
    ("Review", "period_from"): "a record of the sealed log, which AUD-002 proves",
    ("Review", "signed_at"): "a record of the sealed log, which AUD-002 proves",
    ("Waiver", "check"): "the team's own file",
    ("Waiver", "expires"): "the team's own file",
}
_ENUMS: Final = frozenset({"region", "state", "activity", "scheme", "answer", "role", "url"})
_ANSWERS: Final = frozenset({"headers", "token_ids"})  # an empty list of these is an answer
_NOT_KNOWN: Final = frozenset({"UNKNOWN", "INCONCLUSIVE", "UNVERIFIED", "SILENT"})
_BAD: Final = frozenset({Status.FAIL, Status.MANUAL, Status.ERROR})
_TIMES: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))


def judged(check: Check, data: Data, policy: Policy) -> tuple[Finding, ...]:
    """The findings of one check on these data."""
    facts: Any = type("Facts", (), dict(data))
    snapshot: Any = Snapshot.model_construct(
        step=check.step, profile="production", taken_at=NOW, facts=facts
    )
    return judge(snapshot, [check], policy, NOW)


def mutants(check: Check, data: Data) -> Iterator[tuple[str, str, Data]]:
    """Each mutation of each datum of a check: its kind, where it is, and the data with it."""
    for name in check.data:
        datum = data[name]
        if isinstance(datum, Known):
            for kind, where, changed in _of_datum(datum.value):
                yield kind, f"{name}{where}", {**data, name: changed}


def improved(before: Iterable[Finding], after: Iterable[Finding]) -> list[str]:
    """The resources that were not fine, and are fine or gone without a trace after a mutation."""
    first, then = list(before), list(after)
    was, now = _by_resource(first), _by_resource(then)
    said = {(f.resource.key, f.message) for f in first}
    new = [f for f in then if f.status in _BAD and (f.resource.key, f.message) not in said]
    return [
        f"{key}: {'/'.join(sorted(statuses))} became {'/'.join(sorted(now.get(key, {'nothing'})))}"
        for key, statuses in was.items()
        if statuses & _BAD and not (now[key] & _BAD if key in now else new)
    ]


def _by_resource(findings: Iterable[Finding]) -> dict[str, set[Status]]:
    found: dict[str, set[Status]] = {}
    for finding in findings:
        resource = finding.resource
        found.setdefault(f"{resource.kind} {resource.key}", set()).add(finding.status)
    return found


def _of_datum(value: Any) -> Iterator[tuple[str, str, Any]]:
    yield "not read", "", Unavailable(reason="It did not answer.", call=CALL)
    yield "partly read", "", Partial(value, "one page did not come.", CALL)
    if isinstance(value, tuple) and value:
        yield "empty", "", Partial((), "no page came.", CALL)
        yield "order", "", Known(value[::-1])
        for index in range(len(value)):
            rest = value[:index] + value[index + 1 :]
            yield "partly read", f"[{index}]", Partial(rest, "1 row was not understood.", CALL)
    for kind, where, changed in _garbled(value):
        yield kind, where, Known(changed)


def _garbled(value: Any) -> Iterator[tuple[str, str, Any]]:
    """A value with one thing in it blank, missing, unknown or of an impossible time."""
    if isinstance(value, Record):
        yield from _of_record(value)
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            for kind, where, changed in _garbled(one):
                yield kind, f"[{index}]{where}", (*value[:index], changed, *value[index + 1 :])
    elif isinstance(value, Enum):
        for other in type(value):
            if other.name in _NOT_KNOWN and other is not value:
                yield "unknown", "", other
    elif isinstance(value, str) and value:
        yield "blank", "", ""
    elif isinstance(value, date):
        yield from _of_time(value)


def _of_time(value: date) -> Iterator[tuple[str, str, Any]]:
    for time in _TIMES:
        yield "time", f"={time:%Y}", time if isinstance(value, datetime) else time.date()


def _of_record(record: Record) -> Iterator[tuple[str, str, Any]]:
    for name, field in type(record).model_fields.items():
        if (type(record).__name__, name) in OURS:
            continue
        value = getattr(record, name)
        changes = list(_garbled(value))
        if value is not None and NoneType in get_args(field.annotation):
            changes.append(("no value", "", None))
        if isinstance(value, tuple) and value and name not in _ANSWERS:
            changes.append(("empty", "", ()))
        if isinstance(value, str) and value and name in _ENUMS:
            changes.append(("unknown", "", "zz_unknown"))
        for kind, where, changed in changes:
            yield kind, f".{name}{where}", record.model_copy(update={name: changed})
