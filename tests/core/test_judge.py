from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from helpers.core import catalog
from helpers.core.catalog import Check, check
from helpers.core.errors import UsageError
from helpers.core.judge import REST, identity, judge
from helpers.core.model import (
    Cause,
    Datum,
    Known,
    Outcome,
    Partial,
    Record,
    Resource,
    Severity,
    Snapshot,
    Status,
    Unavailable,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.core.policy import Policy

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DOOR = Resource(kind="door", key="front")


class Facts(Record):
    doors: Datum[tuple[str, ...]]
    windows: Datum[int]


def make(function, **kwargs) -> Check:
    words = {
        "id": "TST-001",
        "step": "test",
        "title": "Doors are shut",
        "severity": Severity.HIGH,
        "remediation": ("Shut it.",),
    }
    return check(**{**words, **kwargs})(function)


def run(*checks: Check, doors=None, windows=None):
    facts = Facts(doors=doors or Known(("front",)), windows=windows or Known(1))
    snapshot = Snapshot[Facts](step="test", profile="sandbox", taken_at=NOW, facts=facts)
    return judge(snapshot, checks, Policy(), NOW)


def shut(doors: tuple[str, ...]) -> Iterator[Outcome]:
    for door in doors:
        yield passed(Resource(kind="door", key=door), "It is shut.")


def test_check_gets_the_values_it_names():
    (finding,) = run(make(shut))
    assert (finding.status, finding.resource.key, finding.title) == (
        Status.PASS,
        "front",
        "Doors are shut",
    )


def test_policy_and_now_are_given_to_a_check_that_names_them():
    def curious(windows: int, policy: Policy, now: datetime) -> Iterator[Outcome]:
        yield failed(DOOR, f"{windows} {policy.environment.api_version} {now.year}")

    (finding,) = run(make(curious))
    assert finding.message == "1 2.16 2026"


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Cause.FAILED, Status.ERROR),
        (Cause.OFF, Status.MANUAL),
        (Cause.NOT_CONFIGURED, Status.MANUAL),
    ],
)
def test_missing_datum_is_never_a_pass_and_names_the_call(cause: Cause, status: Status):
    missing = Unavailable(reason="No answer.", call="GET /doors", cause=cause)
    (finding,) = run(make(shut), doors=missing)
    assert finding.status is status
    assert finding.message == "No answer."
    assert finding.evidence[0].where == "GET /doors"


PART = Partial(("front", "ajar"), "1 row was not understood.", "GET /doors")


def judged(doors: tuple[str, ...]) -> Iterator[Outcome]:
    verdicts = {"ajar": failed, "unseen": manual, "none": not_applicable}
    for door in doors:
        yield verdicts.get(door, passed)(Resource(kind="door", key=door), "Checked.")


def test_part_of_a_datum_is_an_error_for_a_check_that_needs_the_whole():
    (finding,) = run(make(judged), doors=PART)
    assert finding.status is Status.ERROR
    assert finding.message == "Only partly read: GET /doors: 1 row was not understood."


def test_part_of_a_datum_keeps_failures_of_a_check_that_says_so_and_drops_every_pass():
    part = Partial(("front", "ajar", "unseen", "none"), "GET /doors was cut short.", "GET /doors")
    findings = run(make(judged, partial=("doors",)), doors=part)
    assert [(f.resource.key, f.status) for f in findings] == [
        ("doors", Status.ERROR),
        ("ajar", Status.FAIL),
        ("unseen", Status.MANUAL),
    ]
    assert findings[0].message == "Only partly read: GET /doors was cut short."


def test_part_of_a_datum_without_a_verdict_is_an_error_too():
    found = run(make(judged, partial=("doors",)), doors=Partial((), "Nothing came.", "GET /doors"))
    assert [f.status for f in found] == [Status.ERROR]


def test_check_that_takes_a_part_of_one_datum_needs_the_whole_of_the_others():
    def both(doors: tuple[str, ...], windows: int) -> Iterator[Outcome]:
        yield failed(DOOR, f"{doors} {windows}")

    check_both = make(both, partial=("doors",))
    partial_window = Partial(1, "Some were dark.", "GET /windows")
    (finding,) = run(check_both, doors=PART, windows=partial_window)
    assert (finding.resource.key, finding.status) == ("windows", Status.ERROR)


def test_check_that_names_a_part_it_does_not_ask_for_is_refused():
    with pytest.raises(ValueError, match="does not ask for all of windows"):
        make(shut, partial=("windows",))


def test_each_kind_of_datum_maps_to_its_own_kind():
    absent = Unavailable(reason="r", call="c")
    assert Known((1, 2)).map(len) == Known(2)
    assert Partial((1, 2), "r", "c").map(len) == Partial(2, "r", "c")
    assert absent.map(len) == absent


def test_check_that_raises_becomes_an_error_and_the_rest_still_run():
    def broken(doors: tuple[str, ...]) -> Iterator[Outcome]:
        yield passed(DOOR, "It is shut.")
        raise ZeroDivisionError

    findings = run(make(broken), make(shut, id="TST-002"))
    assert [(f.check, f.status) for f in findings] == [
        ("TST-001", Status.ERROR),
        ("TST-002", Status.PASS),
    ]
    assert "ZeroDivisionError" in findings[0].message


def test_check_that_says_nothing_becomes_an_error():
    def silent(doors: tuple[str, ...]) -> Iterator[Outcome]:
        return iter(())

    (finding,) = run(make(silent))
    assert finding.status is Status.ERROR


def test_outcome_may_override_severity_and_remediation():
    def mild(doors: tuple[str, ...]) -> Iterator[Outcome]:
        yield failed(DOOR, "Ajar.", severity=Severity.LOW, remediation=("Push.",))

    (finding,) = run(make(mild))
    assert (finding.severity, finding.remediation) == (Severity.LOW, ("Push.",))


def test_checks_of_other_steps_are_left_out():
    assert run(make(shut, step="elsewhere")) == ()


def test_identity_depends_on_check_and_resource_alone():
    one = identity("TST-001", DOOR)
    assert one == identity("TST-001", Resource(kind="door", key="front", name="Front door"))
    assert one != identity("TST-002", DOOR)
    assert one != identity("TST-001", Resource(kind="door", key="back"))
    assert one.startswith("v1:")


@pytest.mark.parametrize("doors", [Known(("a", "b")), PART])
def test_saved_snapshot_judged_again_gives_the_same_findings(doors: Datum[tuple[str, ...]]):
    facts = Facts(doors=doors, windows=Unavailable(reason="r", call="c"))
    snapshot = Snapshot[Facts](step="test", profile="sandbox", taken_at=NOW, facts=facts)
    again = Snapshot[Facts].model_validate_json(snapshot.model_dump_json())
    assert again == snapshot
    checks = [make(shut)]
    assert judge(again, checks, Policy(), NOW) == judge(snapshot, checks, Policy(), NOW)


def test_catalog_reads_rationale_and_verdicts_from_the_docstring():
    def told(doors: tuple[str, ...]) -> Iterator[Outcome]:
        """Open doors let the cold in.

        PASS: every door
            is shut.
        FAIL: one is open.
        """
        return shut(doors)

    made = make(told)
    assert made.rationale == "Open doors let the cold in."
    assert made.verdicts == {Status.PASS: "every door is shut.", Status.FAIL: "one is open."}


def test_unknown_check_id_is_a_clear_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalog, "STEPS", ())
    with pytest.raises(UsageError, match="no check 'TST-9'"):
        catalog.find("TST-9")


def many(doors: tuple[str, ...]) -> Iterator[Outcome]:
    for door in doors:
        resource = Resource(kind="door", key=door)
        if door.startswith("ok"):
            yield passed(resource, "It is shut.")
        else:
            worse = Severity.CRITICAL if door.endswith("7") else None
            yield failed(resource, "It is open.", severity=worse)


def test_of_too_many_verdicts_the_worst_are_listed_and_the_rest_is_counted():
    doors = tuple(f"{kind}-{number:05}" for number in range(5000) for kind in ("ok", "open"))
    findings = run(make(many), doors=Known(doors))
    listed = [f for f in findings if f.resource.kind != REST]
    assert {status: sum(f.status is status for f in listed) for status in Status} == {
        status: 1000 if status in (Status.PASS, Status.FAIL) else 0 for status in Status
    }
    assert sum(f.severity is Severity.CRITICAL for f in listed) == 500
    rest = {f.status: f for f in findings if f.resource.kind == REST}
    assert rest[Status.FAIL].severity is Severity.HIGH
    assert rest[Status.FAIL].message.startswith("4,000 more with this verdict are not listed")
    assert len({f.fingerprint for f in findings}) == 2002
    assert run(make(many), doors=Known(doors[::-1])) == findings, "the order does not matter"


def test_as_many_verdicts_as_there_is_room_for_are_all_listed():
    findings = run(make(many), doors=Known(tuple(f"open-{n}" for n in range(1000))))
    assert len(findings) == 1000
    assert all(f.resource.kind == "door" for f in findings)


def test_the_rest_of_what_is_worst_is_as_bad():
    findings = run(make(many), doors=Known(tuple(f"open-{n}7" for n in range(1200))))
    (rest,) = (f for f in findings if f.resource.kind == REST)
    assert (rest.severity, rest.failing) == (Severity.CRITICAL, True)
